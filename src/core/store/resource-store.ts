/**
 * Named resources of one kind: kept whole in memory, written through to the database with their change and audit rows in
 * one transaction. Reading is a map look-up; a write is heard by the change feed before its caller gets the answer.
 */
import { randomUUID } from "node:crypto";
import { auditStatement } from "../audit/audit.ts";
import { unixSeconds } from "../shared/clock.ts";
import type { ResourceTable } from "../shared/database-schema.ts";
import { DispatchError } from "../shared/errors.ts";
import { type Database, DuplicateError, StaleWriteError, type Statement } from "../shared/ports.ts";
import { ADMINISTRATOR, type Person, type Principal, principalText } from "../shared/principal.ts";
import { statement } from "../shared/statement.ts";
import { systemPrincipal } from "../shared/wire.ts";
import { type Change, type ChangeFeed, changeStatement, type Projection } from "./change-feed.ts";

/** One stored resource. `document` is the kind's own data; never change it in place. */
export interface ResourceRecord<D> {
  readonly organization: string;
  readonly name: string;
  readonly id: string;
  readonly generation: number;
  /** Microseconds since 1970, never twice the same: the order in which resources were made. */
  readonly born: number;
  /** Unix seconds. */
  readonly created: number;
  readonly modified: number;
  /** Who wrote it as it is: the rights of whatever it starts are bounded by theirs (decisions 18e). */
  readonly author: Person;
  /** Who looks after it: who made it, or a name that somebody gave, such as a team's. No right follows from it. */
  readonly owner: Person | string;
  /** In the owner's words; "" for none. */
  readonly description: string;
  readonly document: D;
}

/** What a resource is called, and where. */
interface Named {
  readonly organization: string;
  readonly name: string;
  readonly description?: string;
  readonly owner?: string;
}

export interface ResourceKind {
  /** As in the table: `Function`, `BaseImage` ... */
  readonly kind: string;
  /** As in messages: `function`, `base image` ... (server.md 2.5). */
  readonly word: string;
}

const insertResource = statement((database, row: ResourceTable) =>
  database.insertInto("resources").values({
    organization: row.organization,
    kind: row.kind,
    name: row.name,
    id: row.id,
    generation: row.generation,
    born: row.born,
    created: row.created,
    modified: row.modified,
    author: row.author,
    owner: row.owner,
    description: row.description,
    document: row.document,
  }),
);

const replaceResource = statement(
  (database, row: ResourceTable & { before: number }) =>
    database
      .updateTable("resources")
      .set({
        generation: row.generation,
        modified: row.modified,
        author: row.author,
        owner: row.owner,
        description: row.description,
        document: row.document,
      })
      .where("organization", "=", row.organization)
      .where("kind", "=", row.kind)
      .where("name", "=", row.name)
      .where("id", "=", row.id)
      .where("generation", "=", row.before),
  "one",
);

const removeResource = statement(
  (database, row: Pick<ResourceTable, "organization" | "kind" | "name" | "id">) =>
    database
      .deleteFrom("resources")
      .where("organization", "=", row.organization)
      .where("kind", "=", row.kind)
      .where("name", "=", row.name)
      .where("id", "=", row.id),
  "one",
);

/** Only a person becomes the author; what the server itself writes leaves the author as it is. */
function authorOf(principal: Principal): Person | undefined {
  if (principal.kind === "administrator") return ADMINISTRATOR;
  return principal.kind === "service-account" ? principalText(principal) : undefined;
}

let lastBorn = 0;

function nextBorn(): number {
  lastBorn = Math.max(lastBorn + 1, Date.now() * 1000);
  return lastBorn;
}

export class ResourceStore<D> implements Projection {
  readonly kind: ResourceKind;
  readonly #database: Database;
  readonly #feed: ChangeFeed;
  readonly #records = new Map<string, Map<string, ResourceRecord<D>>>();
  /** By id: the writes that are under way. */
  readonly #writing = new Map<string, Promise<unknown>>();

  constructor(kind: ResourceKind, database: Database, feed: ChangeFeed) {
    this.kind = kind;
    this.#database = database;
    this.#feed = feed;
    feed.project(kind.kind, this);
  }

  /** Reads everything of this kind; once, at start. */
  async load(): Promise<void> {
    const rows = await this.#rows().orderBy("born").execute();
    for (const row of rows) {
      this.#keep(recordOf(row));
    }
    // New resources must count as younger also when the clock was set back.
    lastBorn = Math.max(lastBorn, rows.at(-1)?.born ?? 0);
  }

  /** Takes up what another server wrote; what this one wrote is known. */
  async follow(change: Change): Promise<boolean> {
    const { organization, name, id, generation } = change;
    await this.#writing.get(id);
    const known = this.find(organization, name);
    if (generation === 0) return known?.id === id && this.#drop(known);
    if (known?.id === id && known.generation >= generation) return false;
    const row = await this.#rows().where("organization", "=", organization).where("name", "=", name).executeTakeFirst();
    if (this.find(organization, name) !== known) return this.follow(change);
    // A resource that was removed since then is told by a later change.
    if (row === undefined || !this.#take(recordOf(row))) return false;
    this.#sort(organization);
    return true;
  }

  async reload(): Promise<Change[]> {
    const before = this.all();
    const rows = await this.#rows().execute();
    const there = new Set(rows.map(({ id }) => id));
    const gone = before.filter((record) => this.#isCurrent(record) && !there.has(record.id));
    for (const record of gone) this.#drop(record);
    const news = rows.map((row) => recordOf<D>(row)).filter((record) => this.#take(record));
    for (const organization of new Set(news.map(({ organization }) => organization))) this.#sort(organization);
    const changeOf = ({ organization, name, id, generation }: ResourceRecord<D>): Change => {
      return { organization, kind: this.kind.kind, name, id, generation };
    };
    return [...gone.map((record) => changeOf({ ...record, generation: 0 })), ...news.map(changeOf)];
  }

  /** Newest first. */
  list(organization: string): ResourceRecord<D>[] {
    const records = [...(this.#records.get(organization)?.values() ?? [])];
    return records.reverse();
  }

  /** Of every organization; for start-up and for tables that serve all. */
  all(): ResourceRecord<D>[] {
    return [...this.#records.values()].flatMap((records) => [...records.values()]);
  }

  find(organization: string, name: string): ResourceRecord<D> | undefined {
    return this.#records.get(organization)?.get(name);
  }

  /** Whether it is as it was, neither replaced nor removed, nor made again under its name. */
  has({ organization, name, id, generation }: ResourceRecord<D>): boolean {
    const current = this.find(organization, name);
    return current?.id === id && current.generation === generation;
  }

  /** @throws NOT_FOUND */
  get(organization: string, name: string): ResourceRecord<D> {
    const record = this.find(organization, name);
    if (record === undefined) throw new DispatchError("NOT_FOUND", { kind: this.kind.word, name });
    return record;
  }

  /**
   * Like `get`, but after a write that is under way: who replaces a resource must not lose against the server, which was
   * just noting that the version before is ready. @throws NOT_FOUND
   */
  async latest(organization: string, name: string): Promise<ResourceRecord<D>> {
    const { id } = this.get(organization, name);
    await this.#writing.get(id);
    return this.get(organization, name);
  }

  /** @throws ALREADY_EXISTS */
  refuseTaken(organization: string, name: string): void {
    if (this.find(organization, name) !== undefined) throw this.#taken(name);
  }

  /** `promises`: what goes into the same transaction. @throws ALREADY_EXISTS */
  async create(
    principal: Principal,
    { organization, name, ...told }: Named,
    document: D,
    promises: (record: ResourceRecord<D>) => readonly Statement[] = () => [],
  ): Promise<ResourceRecord<D>> {
    this.refuseTaken(organization, name);
    const now = unixSeconds();
    const author = authorOf(principal) ?? ADMINISTRATOR;
    const said = { author, owner: author, description: "", ...told };
    const times = { born: nextBorn(), created: now, modified: now };
    const record = { organization, name, id: randomUUID(), generation: 1, ...times, ...said, document };
    await this.#write(principal, "create", record, [insertResource(this.#row(record)), ...promises(record)]);
    return record;
  }

  /** Replaces the document of `record`, which must still be the current one. @throws CHANGED_MEANWHILE, NOT_FOUND */
  update(
    principal: Principal,
    record: ResourceRecord<D>,
    document: D,
    extra: readonly Statement[] = [],
  ): Promise<ResourceRecord<D>> {
    return this.#replace(principal, record, { document, author: authorOf(principal) ?? record.author }, extra);
  }

  /** The same by somebody who changes no more than a switch: it goes on acting for its author. */
  amend(principal: Principal, record: ResourceRecord<D>, document: D): Promise<ResourceRecord<D>> {
    return this.#replace(principal, record, { document, author: record.author }, []);
  }

  async #replace(
    principal: Principal,
    record: ResourceRecord<D>,
    changed: Pick<ResourceRecord<D>, "document" | "author">,
    extra: readonly Statement[],
  ): Promise<ResourceRecord<D>> {
    const next = { ...record, ...changed, generation: record.generation + 1, modified: unixSeconds() };
    const update = replaceResource({ ...this.#row(next), before: record.generation });
    await this.#write(principal, "update", next, [update, ...extra]);
    return next;
  }

  /**
   * Replaces the document of `record` with what the server itself has found out about it. Undefined when the record was
   * replaced or removed meanwhile: then the finding means nothing any more.
   */
  async note(
    record: ResourceRecord<D>,
    document: D,
    extra: readonly Statement[] = [],
  ): Promise<ResourceRecord<D> | undefined> {
    try {
      return await this.update(systemPrincipal(record.organization), record, document, extra);
    } catch (error) {
      if (!this.has(record)) return undefined;
      throw error;
    }
  }

  /** @throws CHANGED_MEANWHILE, NOT_FOUND */
  async remove(principal: Principal, record: ResourceRecord<D>, extra: readonly Statement[] = []): Promise<void> {
    const remove = removeResource(this.#row(record));
    await this.#write(principal, "delete", { ...record, generation: 0 }, [remove, ...extra]);
  }

  #row(record: ResourceRecord<D>): ResourceTable {
    return { ...record, kind: this.kind.kind, document: JSON.stringify(record.document) };
  }

  async #write(
    principal: Principal,
    action: string,
    record: ResourceRecord<D>,
    statements: Statement[],
  ): Promise<void> {
    const written = this.#commit(principal, action, record, statements);
    const ended = written.catch(() => {});
    this.#writing.set(record.id, ended);
    await written.finally(() => {
      if (this.#writing.get(record.id) === ended) this.#writing.delete(record.id);
    });
  }

  async #commit(
    principal: Principal,
    action: string,
    record: ResourceRecord<D>,
    statements: Statement[],
  ): Promise<void> {
    const { organization, name, id, generation } = record;
    const change = { organization, kind: this.kind.kind, name, id, generation };
    const audit = auditStatement({ principal, action, organization, kind: this.kind.kind, name });
    try {
      await this.#database.commit([...statements, changeStatement(change), audit]);
    } catch (error) {
      throw this.#writeError(error, name);
    }
    if (generation === 0) this.#records.get(organization)?.delete(name);
    else this.#keep(record);
    this.#feed.publish(change);
  }

  #writeError(error: unknown, name: string): Error {
    if (error instanceof DuplicateError) return this.#taken(name);
    if (error instanceof StaleWriteError) return new DispatchError("CHANGED_MEANWHILE", { kind: this.kind.word, name });
    return new DispatchError("INTERNAL", { kind: this.kind.word, name }, error);
  }

  #taken(name: string): DispatchError {
    return new DispatchError("ALREADY_EXISTS", { kind: this.kind.word, name });
  }

  #rows() {
    return this.#database.query.selectFrom("resources").selectAll().where("kind", "=", this.kind.kind);
  }

  #isCurrent(record: ResourceRecord<D>): boolean {
    return this.find(record.organization, record.name) === record;
  }

  #drop({ organization, name }: ResourceRecord<D>): true {
    this.#records.get(organization)?.delete(name);
    return true;
  }

  /** Takes up the record, unless the same or a newer one is known. */
  #take(record: ResourceRecord<D>): boolean {
    const known = this.find(record.organization, record.name);
    if (
      known !== undefined &&
      (known.id === record.id ? known.generation >= record.generation : known.born > record.born)
    )
      return false;
    this.#keep(record);
    return true;
  }

  /** Sorted here, because resources that other servers made do not arrive in the order in which they were made. */
  #sort(organization: string): void {
    const records = [...(this.#records.get(organization)?.values() ?? [])].sort((one, other) => one.born - other.born);
    this.#records.set(organization, new Map(records.map((record) => [record.name, record])));
  }

  #keep(record: ResourceRecord<D>): void {
    let records = this.#records.get(record.organization);
    if (records === undefined) {
      records = new Map();
      this.#records.set(record.organization, records);
    }
    records.set(record.name, record);
  }
}

function recordOf<D>(row: ResourceTable): ResourceRecord<D> {
  const { author, owner, description, document, ...rest } = row;
  return {
    ...rest,
    author: author ?? ADMINISTRATOR,
    owner: owner ?? ADMINISTRATOR,
    description: description ?? "",
    document: JSON.parse(document) as D,
  };
}
