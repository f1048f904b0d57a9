/**
 * Lists of runs in bounded memory. First it is found out which runs belong to a list and how large they are, in small
 * pages and without their texts; then they are read a few at a time, when whoever gets them has taken those before. So a
 * list holds up neither the thread that answers requests nor that of the database, however many runs there are.
 */
import { type Selectable, type SelectQueryBuilder, sql } from "kysely";
import type { DatabaseSchema, RunTable } from "../shared/database-schema.ts";
import type { Database } from "../shared/ports.ts";
import { Turns } from "../shared/turns.ts";
import { type RunRecord, runFromRow } from "./record.ts";
import { type Filtered, isFilter, passes, type RunFilter, wording } from "./run-filter.ts";
import { acceptedWithin } from "./run-id.ts";

/** Which runs, newest first. */
export interface RunSelection extends RunFilter {
  readonly functionName?: string | undefined;
  readonly status?: string | undefined;
  /** Unix seconds: runs that changed later. */
  readonly since?: number | undefined;
  /** Unix seconds: runs that began before. */
  readonly until?: number | undefined;
  readonly limit?: number | undefined;
  /** The last run of the list before; it need not be there any more. */
  readonly cursor?: RunPlace | undefined;
  /** The run of this id and those that it started. */
  readonly family?: string | undefined;
}

/** Where a run stands among all: newest first, and in the order of their ids where their times are equal. */
export interface RunPlace {
  /** Unix nanoseconds. */
  readonly executed: bigint;
  readonly id: string;
}

export interface RunList {
  /** How many runs it has. */
  readonly length: number;
  /** At most so many of JSON. */
  readonly bytes: number;
  /** The last run, when the list goes on after it. */
  readonly next: RunPlace | undefined;
  /** The runs, some at a time; each part is read when it is asked for. One that was deleted meanwhile is left out. */
  parts(): AsyncGenerator<RunRecord[]>;
}

/** What is known of a run before it is read. */
interface RunKey extends RunPlace {
  /** At most so many bytes of JSON. */
  readonly bytes: number;
}

/** Of one answer. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Runs that one list with a filter looks at; then it says from where to go on. */
const MOST_LOOKED_AT = 100_000;
/** Looked at in one go; that takes well below a millisecond. */
const KEYS_PAGE = 500;
/** Read in one go: so many runs, and fewer when they are large. */
const RUNS_PAGE = 64;
const PAGE_BYTES = 128 * 1024;

const LATEST = 2n ** 63n - 1n;

/** Of any second, also of one that the database's clock does not reach. */
function nanosecondsOf(seconds: number): bigint {
  const exact = BigInt(seconds) * 1_000_000_000n;
  return exact > LATEST ? LATEST : exact < -LATEST ? -LATEST : exact;
}

const texts = ["input", "output", "error", "stdout", "stderr", "reason", "secrets", "tags", "event"] as const;
const sizes = texts.map((column) => sql<number>`coalesce(octet_length(${sql.ref(column)}), 0)`);
/** Keys, ids and times. */
const FRAME_BYTES = 600;
/** A request's own line is recorded once and told five times, see http-context.ts. */
const bytes = sql<number>`${sql.lit(FRAME_BYTES)} + 5 * coalesce(octet_length(http_context), 0) + ${sql.join(sizes, sql` + `)}`;

type RunQuery<Row> = SelectQueryBuilder<DatabaseSchema, "runs", Row>;

/** What the indexes know, one of them at a time: a page must not look through more rows than it has. */
function within<Row>(query: RunQuery<Row>, { functionName, status, until, family }: RunSelection): RunQuery<Row> {
  let narrow = query;
  if (status === "ERROR") narrow = narrow.where("status", "=", sql.lit("ERROR"));
  else if (functionName !== undefined) narrow = narrow.where("function_name", "=", functionName);
  if (until !== undefined) narrow = narrow.where("executed", "<", nanosecondsOf(until));
  if (family !== undefined) narrow = narrow.where("executed", ">=", acceptedWithin(family)?.from ?? LATEST);
  return narrow;
}

function after<Row>(query: RunQuery<Row>, { executed, id }: RunPlace): RunQuery<Row> {
  return query
    .where("executed", "<=", executed)
    .where(({ eb, not, and }) => not(and([eb("executed", "=", executed), eb("id", ">=", id)])));
}

/** Runs that last longer have an index of their own by their ends, see the migrations. */
const LONG_NS = 60_000_000_000n;

function recent(query: RunQuery<KeyRow>, from: bigint | undefined): RunQuery<KeyRow> {
  const narrow = from === undefined ? query : query.where("executed", ">", from);
  return narrow.orderBy("executed", "desc").orderBy("id", "desc");
}

/** Not in the order of the index by time, which would lead through all that are older. */
function long(query: RunQuery<KeyRow>, since: bigint, until: bigint): RunQuery<KeyRow> {
  const executed = sql<bigint>`executed + 0`;
  return query
    .where(sql<bigint>`finished - executed`, ">", sql.lit(Number(LONG_NS)) as unknown as bigint)
    .where("finished", ">", since)
    .where(executed, "<=", until)
    .orderBy(executed, "desc")
    .orderBy("id", "desc");
}

/** What is looked at where no index knows it. */
const looks = ["finished", "parent", "status", "function_name", "function_id"] as const;

type KeyRow = Pick<Selectable<RunTable>, "executed" | "id"> & {
  readonly bytes: number;
} & Partial<Pick<Selectable<RunTable>, (typeof looks)[number]>> &
  Partial<Filtered>;

/** The rest of a selection: a page of keys is looked through here. */
function isSelected(row: KeyRow, selection: RunSelection): boolean {
  const { functionName, status, since, family } = selection;
  const { principal = "", people = null, worded } = row;
  if (isFilter(selection) && !passes({ principal, people, worded }, selection)) return false;
  if (functionName !== undefined && row.function_name !== functionName) return false;
  if (status !== undefined && row.status !== status) return false;
  if (family !== undefined && row.id !== family && row.parent !== family) return false;
  return since === undefined || BigInt(row.finished ?? row.executed) > nanosecondsOf(since);
}

/** How far a list with a filter goes. */
interface Search {
  left: number;
  /** Where it stopped before the end. */
  stopped: RunPlace | undefined;
}

export class RunLists {
  readonly #database: Database;
  readonly #most: number;
  readonly #hidden: ReadonlySet<string>;
  /** The database gets one page of all lists at a time, so that many of them leave room for whatever else is to be done. */
  readonly #turns = new Turns();

  /** `most`: entries of one list. Runs of the functions with the ids of `hidden` are in none. */
  constructor(database: Database, most: number, hidden: ReadonlySet<string> = new Set()) {
    this.#database = database;
    this.#most = most;
    this.#hidden = hidden;
  }

  async list(organization: string, selection: RunSelection): Promise<RunList> {
    const { keys, more, stopped } = await this.#keys(organization, selection);
    return {
      length: keys.length,
      bytes: keys.reduce((sum, key) => sum + key.bytes, 0),
      next: more ? keys.at(-1) : stopped,
      parts: () => this.#parts(organization, keys),
    };
  }

  async #keys(
    organization: string,
    selection: RunSelection,
  ): Promise<{ keys: RunKey[]; more: boolean; stopped?: RunPlace | undefined }> {
    const most = Math.min(selection.limit ?? this.#most, this.#most);
    const keys: RunKey[] = [];
    let left = MOST_BYTES;
    const search: Search = {
      left: isFilter(selection) ? MOST_LOOKED_AT : Number.POSITIVE_INFINITY,
      stopped: undefined,
    };
    const page = isFilter(selection) ? KEYS_PAGE : Math.min(most + 1, KEYS_PAGE);
    for await (const key of this.#keysOf(organization, selection, page, search)) {
      left -= key.bytes;
      if (keys.length === most || (left < 0 && keys.length > 0)) return { keys, more: true };
      keys.push(key);
    }
    return { keys, more: false, stopped: search.stopped };
  }

  /** First those that were accepted late enough to be in, then the few that lasted long until after `since`. */
  async *#keysOf(organization: string, selection: RunSelection, page: number, search: Search): AsyncGenerator<RunKey> {
    const since = selection.since === undefined ? undefined : nanosecondsOf(selection.since);
    const from = since === undefined || since < LONG_NS ? undefined : since - LONG_NS;
    yield* this.#pages(selection, page, (query) => recent(within(query, selection), from), organization, search);
    if (since === undefined || from === undefined || search.stopped !== undefined) return;
    yield* this.#pages(selection, page, (query) => long(query, since, from), organization, search);
  }

  async *#pages(
    selection: RunSelection,
    page: number,
    narrow: (query: RunQuery<KeyRow>) => RunQuery<KeyRow>,
    organization: string,
    search: Search,
  ): AsyncGenerator<RunKey> {
    let place = selection.cursor;
    for (;;) {
      const rows = await this.#turns.take(() => this.#keyRows(organization, narrow, place, page, selection));
      for (const row of rows)
        if (isSelected(row, selection) && !this.#hidden.has(row.function_id ?? ""))
          yield { executed: BigInt(row.executed), id: row.id, bytes: Number(row.bytes) };
      const last = rows.at(-1);
      if (last === undefined || rows.length < page) return;
      place = { executed: BigInt(last.executed), id: last.id };
      search.left -= rows.length;
      if (search.left <= 0) {
        search.stopped = place;
        return;
      }
    }
  }

  /** Whether more must be known of a run than where it is. */
  #isLookedAt(selection: RunSelection): boolean {
    const { functionName, status, since, family } = selection;
    return (
      this.#hidden.size > 0 ||
      isFilter(selection) ||
      [functionName, status, since, family].some((by) => by !== undefined)
    );
  }

  #keyRows(
    organization: string,
    narrow: (query: RunQuery<KeyRow>) => RunQuery<KeyRow>,
    place: RunPlace | undefined,
    page: number,
    selection: RunSelection,
  ): Promise<KeyRow[]> {
    const rows = this.#database.query
      .selectFrom("runs")
      .select(["executed", "id", bytes.as("bytes")])
      .$if(this.#isLookedAt(selection), (query) => query.select(looks))
      .$if(isFilter(selection), (query) => query.select(["principal", "people"]))
      .$if(selection.text !== undefined, (query) => query.select(wording(selection.text ?? "").as("worded")))
      .where("organization", "=", organization);
    const from = place === undefined ? rows : after(rows, place);
    return narrow(from).limit(page).execute();
  }

  async *#parts(organization: string, keys: readonly RunKey[]): AsyncGenerator<RunRecord[]> {
    for (const part of partsOf(keys)) yield await this.#turns.take(() => this.#read(organization, part));
  }

  async #read(organization: string, keys: readonly RunKey[]): Promise<RunRecord[]> {
    const rows = await this.#database.query
      .selectFrom("runs")
      .selectAll()
      .where("organization", "=", organization)
      .where("executed", "in", timesOf(keys))
      .execute();
    const byId = new Map(rows.map((row) => [row.id, row]));
    return keys.flatMap(({ id }) => byId.get(id) ?? []).map((row) => runFromRow(row as Selectable<RunTable>));
  }
}

/** Always as many, so that it is always the same statement. */
function timesOf(keys: readonly RunKey[]): bigint[] {
  const length = keys.length === 1 ? 1 : RUNS_PAGE;
  return Array.from({ length }, (_, at) => keys[Math.min(at, keys.length - 1)]?.executed ?? 0n);
}

function* partsOf(keys: readonly RunKey[]): Generator<RunKey[]> {
  let part: RunKey[] = [];
  let size = 0;
  for (const key of keys) {
    if (part.length > 0 && (part.length === RUNS_PAGE || size + key.bytes > PAGE_BYTES)) {
      yield part;
      part = [];
      size = 0;
    }
    part.push(key);
    size += key.bytes;
  }
  if (part.length > 0) yield part;
}
