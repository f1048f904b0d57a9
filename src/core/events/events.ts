/** Events: checked, then one run for every matching subscription, all of them on record before the event is acknowledged. */
import { type Parent, parentOf, type RunRequest } from "../runs/request.ts";
import { DispatchError } from "../shared/errors.ts";
import type { Principal } from "../shared/principal.ts";
import { type CloudEvent, envelopeOfEvent, eventText, readEvent, refuseInvalid } from "./cloud-event.ts";
import type { Drivers } from "./drivers.ts";
import type { Emission } from "./emission-contract.ts";
import type { EventsPorts, SubscriptionRecord, Subscriptions } from "./subscriptions.ts";

export interface DeliveryPorts extends Pick<EventsPorts, "iam" | "log"> {
  readonly subscriptions: Subscriptions;
  readonly drivers: Drivers;
  /** Resolves when the run is on record. */
  readonly runs: { create(principal: Principal, request: RunRequest): Promise<unknown> };
}

export class Events {
  readonly #ports: DeliveryPorts;

  constructor(ports: DeliveryPorts) {
    this.#ports = ports;
  }

  /** Returns the event as the answer shows it. `text` is the body as sent. @throws INVALID_EVENT, MALFORMED_BODY, NOT_EMITTED */
  async emit(principal: Principal, organization: string, body: Emission, text: string): Promise<string> {
    this.#ports.iam.authorize(principal, { resource: "event", action: "emit", organization });
    return this.#publish(organization, body, text, parentOf(principal));
  }

  /** The same for an event driver, which its token names; `caller` may be a run. @throws UNKNOWN_TOKEN besides */
  async ingest(caller: Principal, token: string, body: Emission, text: string): Promise<string> {
    const driver = this.#ports.drivers.byToken(token);
    if (driver === undefined) throw new DispatchError("UNKNOWN_TOKEN");
    const { organization, name, author } = driver;
    const principal: Principal = { kind: "driver", id: name, organization, via: "rest", people: [author] };
    this.#ports.iam.authorize(principal, { resource: "event", action: "emit", organization });
    return this.#publish(organization, body, text, parentOf(caller));
  }

  async #publish(organization: string, body: Emission, text: string, parent: Parent | undefined): Promise<string> {
    const event = readEvent(body, text);
    refuseInvalid(event);
    const subscribers = this.#ports.subscriptions.of(organization, event.eventType);
    await Promise.all(subscribers.map((subscription) => this.#deliver(subscription, event, parent)));
    return withExtras(eventText(event), body);
  }

  /** A subscription whose function cannot take the event misses it; that keeps nobody else from getting theirs. */
  async #deliver(subscription: SubscriptionRecord, event: CloudEvent, parent: Parent | undefined): Promise<void> {
    const { organization, name, author, document } = subscription;
    const people = [author];
    const subscriber: Principal = { kind: "subscription", id: name, organization, via: "internal", people };
    try {
      await this.#ports.runs.create(subscriber, {
        organization,
        functionName: document.function,
        blocking: false,
        input: event.data,
        secrets: document.secrets ?? undefined,
        event: envelopeOfEvent(event),
        parent,
      });
    } catch (error) {
      if (!(error instanceof DispatchError) || error.status >= 500) throw new DispatchError("NOT_EMITTED", {}, error);
      const facts = { organization, subscription: name, eventID: event.eventID };
      this.#ports.log.warn(facts, `an event was not delivered: ${error.message}`);
    }
  }
}

/** What an emission has besides its event is echoed. */
function withExtras(text: string, { id, tags, "emitted-time": emittedTime }: Emission): string {
  const extras = JSON.stringify({ id, "emitted-time": emittedTime, tags });
  return extras === "{}" ? text : `${text.slice(0, -1)},${extras.slice(1)}`;
}
