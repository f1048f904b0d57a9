/** Subscriptions: which function runs for which events (server.md 6.2, decisions 19). */
import { splitNames } from "../functions/service.ts";
import type { Action } from "../shared/contract.ts";
import type { Iam } from "../shared/iam.ts";
import type { Database } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { refuseRename } from "../shared/refuse-rename.ts";
import { type WireStatus, wireStrings, wireTags } from "../shared/wire.ts";
import type { ChangeFeed } from "../store/change-feed.ts";
import { type ResourceRecord, ResourceStore } from "../store/resource-store.ts";
import type { Subscription } from "./contract.ts";
import { matches, refuseBadPattern } from "./matching.ts";

/** What events need of the world. */
export interface EventsPorts {
  readonly database: Database;
  readonly feed: ChangeFeed;
  readonly iam: Iam;
  readonly log: { warn(details: object, message: string): void };
}

interface SubscriptionDocument {
  readonly eventType: string;
  readonly function: string;
  readonly secrets: readonly string[] | null;
  readonly tags: Subscription["tags"] | null;
}

/** A subscription, as deliveries see it. */
export type SubscriptionRecord = ResourceRecord<SubscriptionDocument>;

export class Subscriptions {
  readonly #iam: Iam;
  readonly #store: ResourceStore<SubscriptionDocument>;

  constructor({ database, feed, iam }: EventsPorts) {
    this.#iam = iam;
    this.#store = new ResourceStore({ kind: "Subscription", word: "subscription" }, database, feed);
  }

  load(): Promise<void> {
    return this.#store.load();
  }

  /** It is active when this resolves; the function need not exist yet. @throws ALREADY_EXISTS, BAD_REQUEST, FORBIDDEN */
  async create(principal: Principal, organization: string, body: Subscription): Promise<Subscription> {
    this.#authorize(principal, organization, "create");
    const document = this.#documentOf(principal, organization, body);
    return toWire(await this.#store.create(principal, organization, body.name, document), "CREATING");
  }

  list(principal: Principal, organization: string): Subscription[] {
    this.#authorize(principal, organization, "get");
    return this.#store.list(organization).map((record) => toWire(record, "READY"));
  }

  /** @throws NOT_FOUND */
  get(principal: Principal, organization: string, name: string): Subscription {
    this.#authorize(principal, organization, "get");
    return toWire(this.#store.get(organization, name), "READY");
  }

  /** @throws NOT_FOUND, CHANGED_MEANWHILE, BAD_REQUEST, FORBIDDEN */
  async update(principal: Principal, organization: string, name: string, body: Subscription): Promise<Subscription> {
    this.#authorize(principal, organization, "update");
    const record = this.#store.get(organization, name);
    refuseRename("subscription", name, body.name);
    const document = this.#documentOf(principal, organization, body);
    return toWire(await this.#store.update(principal, record, document), "UPDATING");
  }

  /** @throws NOT_FOUND */
  async delete(principal: Principal, organization: string, name: string): Promise<Subscription> {
    this.#authorize(principal, organization, "delete");
    const record = this.#store.get(organization, name);
    await this.#store.remove(principal, record);
    return toWire(record, "DELETING");
  }

  find(organization: string, name: string): SubscriptionRecord | undefined {
    return this.#store.find(organization, name);
  }

  /** All that an event of this type is for. */
  of(organization: string, eventType: string): SubscriptionRecord[] {
    return this.#store.list(organization).filter(({ document }) => matches(document.eventType, eventType));
  }

  /** Deliveries act for whoever wrote the subscription: they must be allowed to run functions, and to use what they name. */
  #documentOf(principal: Principal, organization: string, body: Subscription): SubscriptionDocument {
    refuseBadPattern(body.eventType);
    this.#iam.authorize(principal, { resource: "runs", action: "create", organization });
    const secrets = splitNames(body.secrets);
    if (secrets !== null) this.#iam.authorize(principal, { resource: "secret", action: "use", organization });
    return { eventType: body.eventType, function: body.function, secrets, tags: body.tags ?? null };
  }

  #authorize(principal: Principal, organization: string, action: Action): void {
    this.#iam.authorize(principal, { resource: "event", action, organization });
  }
}

/** A written subscription is active, so reading says READY; the answer to a write names the deed, as clients expect. */
function toWire({ name, created, modified, document }: SubscriptionRecord, status: WireStatus): Subscription {
  return {
    createdTime: created,
    eventType: document.eventType,
    function: document.function,
    kind: "Subscription",
    modifiedTime: modified,
    name,
    secrets: wireStrings(document.secrets),
    status,
    tags: wireTags(document.tags),
  };
}
