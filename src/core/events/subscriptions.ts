/** Subscriptions: which function runs for which events (server.md 6.2, decisions 19). */
import { splitNames } from "../functions/service.ts";
import type { Action } from "../shared/contract.ts";
import { DispatchError } from "../shared/errors.ts";
import type { Principal } from "../shared/principal.ts";
import { wireStrings, wireTags } from "../shared/wire.ts";
import { type ResourcePorts, ResourceService, RUNS_FUNCTIONS, type Write } from "../store/resource-service.ts";
import type { ResourceRecord } from "../store/resource-store.ts";
import type { Subscription } from "./contract.ts";
import { type Filter, type Look, passes, readFilters } from "./filters.ts";
import { matches, refuseBadPattern } from "./matching.ts";
import { TypeIndex } from "./type-index.ts";

interface SubscriptionDocument {
  readonly eventType: string;
  readonly function: string;
  readonly filters?: readonly Filter[];
  readonly concurrency?: number;
  readonly orderBy?: string;
  readonly paused?: boolean;
  readonly retries?: number;
  readonly secrets: readonly string[] | null;
  readonly tags: Subscription["tags"] | null;
}

/** A subscription, as deliveries see it. */
export type SubscriptionRecord = ResourceRecord<SubscriptionDocument>;

/** Whether an event of this type is for it; `look` looks into the event. */
export function wants({ document }: SubscriptionRecord, eventType: string, look: Look): boolean {
  return matches(document.eventType, eventType) && passes(document.filters ?? [], look);
}

/** A written subscription is active, so reading says READY; the answer to a write names the deed, as clients expect. */
const statuses = { get: "READY", create: "CREATING", update: "UPDATING", delete: "DELETING" } as const;

export class Subscriptions extends ResourceService<Subscription, SubscriptionDocument> {
  /** By organization, until one of its subscriptions changes. */
  readonly #indexes = new Map<string, TypeIndex<SubscriptionRecord>>();

  constructor(ports: ResourcePorts) {
    super({ kind: "Subscription", word: "subscription", resource: "event", actsForAuthor: RUNS_FUNCTIONS }, ports);
    ports.feed.subscribe("Subscription", ({ organization }) => void this.#indexes.delete(organization));
  }

  /** Newest first. */
  all(organization: string): SubscriptionRecord[] {
    return this.store.list(organization);
  }

  /** All that an event of this type is for; `look` looks into it. */
  of(organization: string, eventType: string, look: Look): SubscriptionRecord[] {
    const found = this.#indexOf(organization).of(eventType);
    return found.filter(({ document }) => passes(document.filters ?? [], look));
  }

  #indexOf(organization: string): TypeIndex<SubscriptionRecord> {
    const known = this.#indexes.get(organization);
    if (known !== undefined) return known;
    const index = new TypeIndex(this.store.list(organization), ({ document }) => document.eventType);
    this.#indexes.set(organization, index);
    return index;
  }

  /** All that run this function. */
  running(organization: string, functionName: string): SubscriptionRecord[] {
    return this.store.list(organization).filter(({ document }) => document.function === functionName);
  }

  /** Its events are kept and wait, or go on. @throws NOT_FOUND, FORBIDDEN */
  async pause(principal: Principal, organization: string, name: string, paused: boolean): Promise<Subscription> {
    this.authorize(principal, { action: "update", organization, name });
    const record = await this.store.latest(organization, name);
    const { paused: before = false, ...document } = record.document;
    if (before !== paused) await this.store.amend(principal, record, paused ? { ...document, paused } : document);
    return this.get(principal, organization, name);
  }

  /**
   * Deliveries act for whoever wrote the subscription: they must be allowed to run functions, and to use what they name.
   * The function need not exist yet.
   */
  protected documentOf(
    { principal, organization, body }: Write<Subscription>,
    before: SubscriptionRecord | undefined,
  ): SubscriptionDocument {
    refuseBadPattern(body.eventType);
    const own = deliveryOf(body);
    this.iam.authorize(principal, { resource: "runs", action: "create", organization });
    const secrets = splitNames(body.secrets);
    if (secrets !== null) this.iam.authorize(principal, { resource: "secret", action: "use", organization });
    const paused = body.paused ?? before?.document.paused ?? false;
    return {
      ...{ eventType: body.eventType, function: body.function, secrets, tags: body.tags ?? null },
      ...own,
      ...(paused ? { paused } : {}),
    };
  }

  protected toWire({ name, created, modified, document }: SubscriptionRecord, action: Action): Subscription {
    const { concurrency, filters, orderBy, paused } = document;
    return {
      ...(concurrency === undefined ? {} : { concurrency }),
      createdTime: created,
      eventType: document.eventType,
      ...(filters === undefined ? {} : { filters: filters as Subscription["filters"] & object }),
      function: document.function,
      kind: "Subscription",
      modifiedTime: modified,
      name,
      ...(orderBy === undefined ? {} : { orderBy }),
      ...(paused ? { paused } : {}),
      ...(document.retries === undefined ? {} : { retries: document.retries }),
      secrets: wireStrings(document.secrets),
      status: statuses[action],
      tags: wireTags(document.tags),
    };
  }
}

/** What a request says of its events and their order; clients that write every key leave nothing in it. @throws BAD_REQUEST */
function deliveryOf({ filters = [], concurrency, orderBy, retries }: Subscription): Partial<SubscriptionDocument> {
  if (orderBy !== undefined && concurrency === 1) {
    const message = "orderBy is of no use with concurrency 1: each run waits for the end of the one before already";
    throw new DispatchError("BAD_REQUEST", { message });
  }
  return {
    ...(filters.length === 0 ? {} : { filters: readFilters(filters) }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(orderBy === undefined ? {} : { orderBy }),
    ...(retries === undefined ? {} : { retries }),
  };
}
