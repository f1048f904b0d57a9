/**
 * The one service of named resources: who may, what the store keeps, what goes into the audit log and what comes back, for
 * every kind alike. A kind says what is its own: how a request becomes a document, and what follows from a write.
 */
import type { Action } from "../shared/contract.ts";
import type { Iam, Permission } from "../shared/iam.ts";
import type { Database, Statement } from "../shared/ports.ts";
import { ADMINISTRATOR, type Principal } from "../shared/principal.ts";
import { refuseRename } from "../shared/refuse-rename.ts";
import type { ChangeFeed } from "./change-feed.ts";
import { RecordList, type ResourceList } from "./resource-list.ts";
import { type ResourceKind, type ResourceRecord, ResourceStore } from "./resource-store.ts";

export interface ResourcePorts {
  readonly database: Database;
  readonly feed: ChangeFeed;
  readonly iam: Iam;
}

export interface ServedKind extends ResourceKind {
  /** What `iam.authorize` calls it. */
  readonly resource: string;
  /** The status in the answer to a deletion, where it is not DELETING; null leaves the one that was. */
  readonly deleted?: string | null;
  /** It acts for whoever wrote it, who must be there and may do what it `needs`: else it does nothing any more (decisions 18e). */
  readonly actsForAuthor?: { readonly needs?: Pick<Permission, "resource" | "action"> };
  /** What is wrong with the body of an update is said before the resource is looked for. */
  readonly bodyFirst?: boolean;
}

/** What every resource may have on the wire besides what its contract says. */
export interface Described {
  readonly name: string;
  /** What it is for, in its owner's words. */
  readonly description?: string;
  /** Who looks after it, as somebody said; else `kind:id` of who made it. Absent is the administrator. */
  readonly owner?: string;
}

/** A create or an update whose principal may do it. */
export interface Write<W> {
  readonly principal: Principal;
  readonly organization: string;
  readonly name: string;
  readonly body: W;
}

/** What somebody wants to do; `subject` is the body of a write, or the document as it is stored. */
export interface Asked<W, D> {
  readonly action: Action;
  readonly organization: string;
  readonly name: string;
  readonly subject?: W | D;
}

export abstract class ResourceService<W extends Described, D> {
  protected readonly store: ResourceStore<D>;
  protected readonly iam: Iam;
  readonly #kind: ServedKind;

  constructor(kind: ServedKind, { database, feed, iam }: ResourcePorts) {
    this.#kind = kind;
    this.iam = iam;
    this.store = new ResourceStore(kind, database, feed);
  }

  /** Reads all; once, at start. */
  load(): Promise<void> {
    return this.store.load();
  }

  /** @throws ALREADY_EXISTS, FORBIDDEN, and what the kind itself refuses */
  async create(principal: Principal, organization: string, body: W): Promise<W> {
    const { name } = body;
    this.authorize(principal, { action: "create", organization, name, subject: body });
    const document = await this.documentOf({ principal, organization, name, body }, undefined);
    const named = { organization, name, ...toldOf(body) };
    const record = await this.store.create(principal, named, document, (made) => this.promises(made));
    return this.#written(record, "create");
  }

  /** Newest first. @throws FORBIDDEN */
  list(principal: Principal, organization: string): ResourceList<W> {
    this.authorize(principal, { action: "get", organization, name: "" });
    const records = this.seen(principal, organization);
    return new RecordList(records, (some) => this.shown(principal, organization, some));
  }

  /** @throws NOT_FOUND, FORBIDDEN */
  async get(principal: Principal, organization: string, name: string): Promise<W> {
    this.authorize(principal, { action: "get", organization, name });
    const [resource] = await this.shown(principal, organization, [this.store.get(organization, name)]);
    return resource as W;
  }

  /** Replaces it. @throws NOT_FOUND, CHANGED_MEANWHILE, FORBIDDEN, and what the kind itself refuses */
  async update(principal: Principal, organization: string, name: string, body: W): Promise<W> {
    const write = { principal, organization, name, body };
    this.authorize(principal, { action: "update", organization, name, subject: body });
    const found = this.#kind.bodyFirst ? undefined : await this.#before(write);
    const document = await this.documentOf(write, found ?? this.store.find(organization, name));
    const before = found ?? (await this.#before(write));
    const next = { ...before, ...toldOf(body) };
    const written = await this.store.update(principal, next, this.kept(document, before), this.promises(before));
    return this.#written(written, "update");
  }

  /** Answers with its last state. @throws NOT_FOUND, FORBIDDEN */
  async delete(principal: Principal, organization: string, name: string): Promise<W | undefined> {
    this.authorize(principal, { action: "delete", organization, name });
    const record = this.store.get(organization, name);
    this.authorize(principal, { action: "delete", organization, name, subject: record.document });
    await this.store.remove(principal, record, this.remainders(record));
    await this.removed(record);
    const { deleted = "DELETING" } = this.#kind;
    const last = await this.#wire(record, "delete");
    return deleted === null ? last : { ...last, status: deleted };
  }

  find(organization: string, name: string): ResourceRecord<D> | undefined {
    return this.store.find(organization, name);
  }

  /** Checks a request and makes of it what is stored. `before`: what an update replaces. */
  protected abstract documentOf(write: Write<W>, before: ResourceRecord<D> | undefined): D | Promise<D>;

  /** As clients see it, after this action. */
  protected abstract toWire(record: ResourceRecord<D>, action: Action): W | Promise<W>;

  /** Of one organization or, as a sentinel says, of all: where somebody needs the right. */
  protected where({ organization }: Asked<W, D>): string {
    return organization;
  }

  /** A PUT under one name with another in its body would rename. @throws BAD_REQUEST */
  protected refuseRename(name: string, bodyName: string): void {
    refuseRename(this.#kind.word, name, bodyName);
  }

  /** The new document, with what an update does not replace. */
  protected kept(document: D, _before: ResourceRecord<D>): D {
    return document;
  }

  /** What goes with it, in the transaction that removes it. */
  protected remainders(_record: ResourceRecord<D>): readonly Statement[] {
    return [];
  }

  /** What must follow from a write of it: work, in the transaction of the write. */
  protected promises(_record: ResourceRecord<D>): readonly Statement[] {
    return [];
  }

  /** Begins what follows from a write. */
  protected written(_record: ResourceRecord<D>): void {}

  /** Does what follows from a removal, before it is answered. */
  protected async removed(_record: ResourceRecord<D>): Promise<void> {}

  /** Those that the principal may see, newest first. */
  protected seen(_principal: Principal, organization: string): ResourceRecord<D>[] {
    return this.store.list(organization);
  }

  /** For those who read; one for each. */
  protected shown(_principal: Principal, _organization: string, records: ResourceRecord<D>[]): Promise<W[]> {
    return Promise.all(records.map((record) => this.#wire(record, "get")));
  }

  /** @throws FORBIDDEN */
  protected authorize(principal: Principal, asked: Asked<W, D>): void {
    const { action } = asked;
    this.iam.authorize(principal, { resource: this.#kind.resource, action, organization: this.where(asked) });
  }

  /** The resource that an update replaces; waits for a write of it that is under way. */
  async #before({ principal, organization, name, body }: Write<W>): Promise<ResourceRecord<D>> {
    const before = await this.store.latest(organization, name);
    this.authorize(principal, { action: "update", organization, name, subject: before.document });
    this.refuseRename(name, body.name);
    return before;
  }

  #written(record: ResourceRecord<D>, action: Action): Promise<W> {
    this.written(record);
    return this.#wire(record, action);
  }

  async #wire(record: ResourceRecord<D>, action: Action): Promise<W> {
    const wire = withOwner(record, await this.toWire(record, action));
    const { actsForAuthor } = this.#kind;
    if (actsForAuthor === undefined || action === "delete") return wire;
    const { author, organization } = record;
    const needed = actsForAuthor.needs && { ...actsForAuthor.needs, organization };
    const hindrance = this.iam.hindrance({ words: "it", author }, needed);
    return hindrance === undefined ? wire : outOfOrder(wire, hindrance);
  }
}

/** Older clients do not know these members, so they are left out when there is no description and when the administrator is the owner. */
export function withOwner<W extends Described>({ owner, description }: ResourceRecord<unknown>, wire: W): W {
  return {
    ...wire,
    ...(description === "" ? {} : { description }),
    ...(owner === ADMINISTRATOR ? {} : { owner }),
  };
}

/** What a kind that runs functions needs of its author. */
export const RUNS_FUNCTIONS = { needs: { resource: "runs", action: "create" } } as const;

/** READY would say that the next call works (decision 23). */
function outOfOrder<W extends Described>(wire: W & { readonly reason?: readonly string[] | null }, why: string): W {
  return { ...wire, status: "ERROR", reason: [why, ...(wire.reason ?? [])] };
}

/** What the server itself writes as an owner. */
const PERSON = /^(administrator|service-account|function|endpoint|subscription|driver|alert|system|anonymous):/;

/**
 * A request without a description or an owner keeps the one that is there; the empty text removes a description. A person
 * as the server writes it is no new owner: clients send back what they read, and nobody may claim to be another.
 */
function toldOf({ description, owner }: Described): Pick<Described, "description" | "owner"> {
  return {
    ...(typeof description === "string" && { description }),
    ...(typeof owner === "string" && owner !== "" && !PERSON.test(owner) && { owner }),
  };
}
