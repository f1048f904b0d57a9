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
import type { Deliveries, Plan } from "./deliveries.ts";
import type { Promised } from "./delivery.ts";
import type { Drivers } from "./drivers.ts";
import type { Emission } from "./emission-contract.ts";
import { keepEvent } from "./event-log.ts";
import { type Look, lookInto } from "./filters.ts";
import { orderKeyOf } from "./order.ts";
import { Received, receiveAgain } from "./received.ts";
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

/** An event on its way in. */
interface Arrival extends Origin {
  readonly organization: string;
  readonly event: CloudEvent;
  readonly parent: Parent | undefined;
}

/** A unit is on record; or its event came before; or a run would have begun before one that waits. */
type Outcome = "kept" | "known" | "overtakes";

export class Events {
  readonly #ports: EmissionPorts;
  readonly #received = new Received();

  constructor(ports: EmissionPorts) {
    this.#ports = ports;
  }

  /** Returns the event as the answer shows it. `text` is the body as sent. @throws INVALID_EVENT, MALFORMED_BODY, NOT_EMITTED */
  async emit(principal: Principal, organization: string, body: Emission, text: string): Promise<string> {
    this.#ports.iam.authorize(principal, { resource: "event", action: "emit", organization });
    return this.#publish(organization, body, text, parentOf(principal));
  }

  /** The same for an event driver, which its token names; `caller` may be a run. @throws UNKNOWN_TOKEN, INVALID_CREDENTIALS besides */
  async ingest(caller: Principal, { authToken, bookmark }: Ingest, body: Emission, text: string): Promise<string> {
    const principal = this.#ports.drivers.byToken(authToken);
    if (principal === undefined) throw new DispatchError("UNKNOWN_TOKEN");
    refuseForeign(caller, principal);
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
    const plans = await this.#receive({ organization, event, parent, ...origin }, deliveries);
    const started = plans.map((plan) => plan.kept());
    if (plans.some((plan) => plan.isDue())) this.#ports.wake();
    await Promise.all(started);
    return withExtras(eventText(event), body);
  }

  async #promised(subscription: SubscriptionRecord, look: Look): Promise<Promised> {
    const refusal = await this.#ports.deliveries.refusal(subscription);
    return { id: randomUUIDv7(), subscription, orderKey: orderKeyOf(subscription, look), refusal };
  }

  /** What is to be done for it now; that is on record, as a new event itself is. @throws NOT_EMITTED */
  async #receive(arrival: Arrival, deliveries: readonly Promised[]): Promise<readonly Plan[]> {
    const { organization, event, parent, driver, bookmark } = arrival;
    const isMarked = driver !== undefined && bookmark !== undefined;
    const besides = isMarked ? [keepBookmark({ organization, name: driver }, bookmark)] : [];
    const kept = [
      ...this.#received.receive(organization, event, unixSeconds(), deliveries.length > 0),
      keepEvent(organization, event, driver),
    ];
    const begun = deliveries.map((promised) => this.#ports.deliveries.planToBegin(promised, event, parent));
    let outcome = await this.#commit(begun, kept, besides);
    if (outcome === "kept") return this.#heard(begun);
    const plans = deliveries.map((promised) => this.#ports.deliveries.plan(promised, event, parent));
    if (outcome === "overtakes") outcome = await this.#commit(plans, kept, besides);
    if (outcome === "kept") return this.#heard(plans);
    // It came before, but perhaps before anybody had subscribed to it.
    const again = plans.length > 0 ? await this.#commit(plans, [receiveAgain(organization, event)], besides) : outcome;
    if (again === "kept") return plans;
    await this.#commit([], besides);
    return [];
  }

  #heard(plans: readonly Plan[]): readonly Plan[] {
    this.#ports.heard();
    return plans;
  }

  /** What became of the unit. @throws NOT_EMITTED */
  async #commit(
    plans: readonly Plan[],
    before: readonly Statement[],
    after: readonly Statement[] = [],
  ): Promise<Outcome> {
    const unit = [...before, ...plans.flatMap((plan) => plan.unit), ...after];
    try {
      if (unit.length > 0) await this.#ports.database.commit(unit);
      return "kept";
    } catch (error) {
      for (const plan of plans) plan.failed();
      if (error instanceof DuplicateError) return "known";
      if (!(error instanceof StaleWriteError)) throw new DispatchError("NOT_EMITTED", {}, error);
      return plans.some(({ begins }) => begins) ? "overtakes" : "known";
    }
  }
}

/** From a sandbox a token of somebody else leads nowhere: a driver has its own, a run those of its organization. @throws INVALID_CREDENTIALS */
function refuseForeign(caller: Principal, driver: Principal): void {
  const isElsewhere = caller.organization !== driver.organization;
  const isForeign =
    caller.kind === "driver" ? isElsewhere || caller.id !== driver.id : caller.kind === "function" && isElsewhere;
  if (!isForeign) return;
  const message =
    caller.kind === "driver"
      ? "authToken is the token of another driver: a driver pushes with its own, AUTH_TOKEN"
      : "authToken is the token of another organization's driver";
  throw new DispatchError("INVALID_CREDENTIALS", { message });
}

/** What an emission has besides its event is echoed. */
function withExtras(text: string, { id, tags, "emitted-time": emittedTime }: Emission): string {
  const extras = JSON.stringify({ id, "emitted-time": emittedTime, tags });
  return extras === "{}" ? text : `${text.slice(0, -1)},${extras.slice(1)}`;
}
