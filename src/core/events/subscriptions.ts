/** Subscriptions: which function runs for which events (server.md 6.2, decisions 19). */
import { splitNames } from "../functions/service.ts";
import type { Action } from "../shared/contract.ts";
import { wireStrings, wireTags } from "../shared/wire.ts";
import { type ResourcePorts, ResourceService, type Write } from "../store/resource-service.ts";
import type { ResourceRecord } from "../store/resource-store.ts";
import type { Subscription } from "./contract.ts";
import { matches, refuseBadPattern } from "./matching.ts";

interface SubscriptionDocument {
  readonly eventType: string;
  readonly function: string;
  readonly secrets: readonly string[] | null;
  readonly tags: Subscription["tags"] | null;
}

/** A subscription, as deliveries see it. */
export type SubscriptionRecord = ResourceRecord<SubscriptionDocument>;

/** A written subscription is active, so reading says READY; the answer to a write names the deed, as clients expect. */
const statuses = { get: "READY", create: "CREATING", update: "UPDATING", delete: "DELETING" } as const;

export class Subscriptions extends ResourceService<Subscription, SubscriptionDocument> {
  constructor(ports: ResourcePorts) {
    super({ kind: "Subscription", word: "subscription", resource: "event" }, ports);
  }

  /** All that an event of this type is for. */
  of(organization: string, eventType: string): SubscriptionRecord[] {
    return this.store.list(organization).filter(({ document }) => matches(document.eventType, eventType));
  }

  /**
   * Deliveries act for whoever wrote the subscription: they must be allowed to run functions, and to use what they name.
   * The function need not exist yet.
   */
  protected documentOf({ principal, organization, body }: Write<Subscription>): SubscriptionDocument {
    refuseBadPattern(body.eventType);
    this.iam.authorize(principal, { resource: "runs", action: "create", organization });
    const secrets = splitNames(body.secrets);
    if (secrets !== null) this.iam.authorize(principal, { resource: "secret", action: "use", organization });
    return { eventType: body.eventType, function: body.function, secrets, tags: body.tags ?? null };
  }

  protected toWire({ name, created, modified, document }: SubscriptionRecord, action: Action): Subscription {
    return {
      createdTime: created,
      eventType: document.eventType,
      function: document.function,
      kind: "Subscription",
      modifiedTime: modified,
      name,
      secrets: wireStrings(document.secrets),
      status: statuses[action],
      tags: wireTags(document.tags),
    };
  }
}
