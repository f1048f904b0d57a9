/** Events: checked, then work for every matching subscription, all of it on record before the event is acknowledged. */
import { randomUUIDv7 } from "node:crypto";
import { type CloudEvent, eventText, readEvent, refuseInvalid } from "../cloud-events/cloud-event.ts";
import { type Parent, parentOf } from "../runs/request.ts";
import { unixSeconds } from "../shared/clock.ts";
import { DispatchError } from "../shared/errors.ts";
import { DuplicateError, StaleWriteError, type Statement } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import type { ResourcePorts } from "../store/resource-service.ts";
import { keepBookmark } from "./bookmarks.ts";
import type { Deliveries, Promised } from "./deliveries.ts";
import type { Drivers } from "./drivers.ts";
import type { Emission } from "./emission-contract.ts";
import { keepEvent } from "./event-log.ts";
import { type Look, lookInto } from "./filters.ts";
import { orderKeyOf } from "./order.ts";
import { receive, receiveAgain } from "./received.ts";
import type { SubscriptionRecord, Subscriptions } from "./subscriptions.ts";

export interface EmissionPorts extends Pick<ResourcePorts, "iam" | "database"> {
  readonly subscriptions: Subscriptions;
  readonly drivers: Drivers;
  readonly deliveries: Deliveries;
  /** An event is on record. */
  readonly heard: () => void;
  /** Deliveries have been promised. */
  readonly wake: () => void;
}

/** What a driver shows besides its event. */
export interface Ingest {
  readonly authToken: string;
  readonly bookmark?: string;
}

/** The driver that pushed an event, and how far it has got. */
interface Origin {
  readonly driver?: string;
  readonly bookmark?: string | undefined;
}

export class Events {
  readonly #ports: EmissionPorts;

  constructor(ports: EmissionPorts) {
    this.#ports = ports;
  }

  /** Returns the event as the answer shows it. `text` is the body as sent. @throws INVALID_EVENT, MALFORMED_BODY, NOT_EMITTED */
  async emit(principal: Principal, organization: string, body: Emission, text: string): Promise<string> {
    this.#ports.iam.authorize(principal, { resource: "event", action: "emit", organization });
    return this.#publish(organization, body, text, parentOf(principal));
  }

  /** The same for an event driver, which its token names; `caller` may be a run. @throws UNKNOWN_TOKEN besides */
  async ingest(caller: Principal, { authToken, bookmark }: Ingest, body: Emission, text: string): Promise<string> {
    const principal = this.#ports.drivers.byToken(authToken);
    if (principal === undefined) throw new DispatchError("UNKNOWN_TOKEN");
    const { organization } = principal;
    this.#ports.iam.authorize(principal, { resource: "event", action: "emit", organization });
    return this.#publish(organization, body, text, parentOf(caller), { driver: principal.id, bookmark });
  }

  async #publish(
    organization: string,
    body: Emission,
    text: string,
    parent: Parent | undefined,
    origin: Origin = {},
  ): Promise<string> {
    const event = readEvent(body, text);
    refuseInvalid(event);
    const look = lookInto(event, () => body.data);
    const subscriptions = this.#ports.subscriptions.of(organization, event.eventType, look);
    const deliveries = await Promise.all(subscriptions.map((subscription) => this.#promised(subscription, look)));
    if (await this.#receive(organization, event, deliveries, parent, origin)) {
      const started = deliveries
        .filter(({ refusal }) => refusal === undefined)
        .map(({ id, subscription }) => this.#ports.deliveries.started(id, subscription));
      this.#ports.wake();
      await Promise.all(started);
    }
    return withExtras(eventText(event), body);
  }

  async #promised(subscription: SubscriptionRecord, look: Look): Promise<Promised> {
    const refusal = await this.#ports.deliveries.refusal(subscription);
    return { id: randomUUIDv7(), subscription, orderKey: orderKeyOf(subscription, look), refusal };
  }

  /** Whether there is work for it now; then that is on record, as a new event itself is. @throws NOT_EMITTED */
  async #receive(
    organization: string,
    event: CloudEvent,
    deliveries: readonly Promised[],
    parent: Parent | undefined,
    { driver, bookmark }: Origin,
  ): Promise<boolean> {
    const isMarked = driver !== undefined && bookmark !== undefined;
    const besides = isMarked ? [keepBookmark({ organization, name: driver }, bookmark)] : [];
    const work = deliveries.flatMap((promised) => this.#ports.deliveries.promise(promised, event, parent));
    const received = receive(organization, event, unixSeconds(), work.length > 0);
    if (await this.#commit([...received, keepEvent(organization, event, driver), ...work, ...besides])) {
      this.#ports.heard();
      return work.length > 0;
    }
    // It came before, but perhaps before anybody had subscribed to it.
    if (work.length > 0 && (await this.#commit([receiveAgain(organization, event), ...work, ...besides]))) return true;
    await this.#commit(besides);
    return false;
  }

  /** Whether it was new. @throws NOT_EMITTED */
  async #commit(unit: readonly Statement[]): Promise<boolean> {
    try {
      if (unit.length > 0) await this.#ports.database.commit(unit);
      return true;
    } catch (error) {
      if (error instanceof DuplicateError || error instanceof StaleWriteError) return false;
      throw new DispatchError("NOT_EMITTED", {}, error);
    }
  }
}

/** What an emission has besides its event is echoed. */
function withExtras(text: string, { id, tags, "emitted-time": emittedTime }: Emission): string {
  const extras = JSON.stringify({ id, "emitted-time": emittedTime, tags });
  return extras === "{}" ? text : `${text.slice(0, -1)},${extras.slice(1)}`;
}
