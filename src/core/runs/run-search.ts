/**
 * Finds out which runs belong to a list, range by range. What an index knows is read in its order. Where more is wanted, at
 * first it is asked how far a range of so many runs reaches, and then only that range is looked through: so each question
 * to the database takes about as long, whatever is wanted and however rare it is.
 */
import { type SelectQueryBuilder, type SqlBool, sql } from "kysely";
import type { DatabaseSchema, RunTable } from "../shared/database-schema.ts";
import type { Database } from "../shared/ports.ts";
import { reading } from "../shared/reading.ts";
import { type ShownRow, type ShownRun, shownColumns, shownFromRow } from "./record.ts";
import { type Conditions, conditionsOf, LATEST, nanosecondsOf, type RunFilter } from "./run-filter.ts";
import { acceptedWithin } from "./run-id.ts";

/** Where a run stands among all: newest first, and in the order of their ids where their times are equal. */
export interface RunPlace {
  /** Unix nanoseconds. */
  readonly executed: bigint;
  /** "" stands for the place after all runs of that time. */
  readonly id: string;
}

/** What is known of a run before it is read. */
export interface RunKey extends RunPlace {
  /** At most so many bytes of JSON. */
  readonly bytes: number;
  /** The run itself, where it came along. */
  readonly run?: ShownRun;
}

export interface Range {
  readonly count: number;
  readonly bytes: number;
  keys(): Promise<readonly RunKey[]>;
  /** Where the next one begins; undefined when there is none. */
  readonly next: RunPlace | undefined;
  /** Runs that were looked at because no index knows what is wanted. */
  readonly looked: number;
}

/** Read or looked at in one go; that takes one or two milliseconds. */
const RANGE = 1000;
/** When so many runs are wanted at most, those up to a size come along with their keys: that saves a second question. */
const FEW = 64;
const SMALL_BYTES = 4096;
/** Runs that are looked through in one go where texts are searched. */
const TEXTS = 500;
const TEXT_BYTES = 2 * 1024 * 1024;
/** Runs that last longer have an index of their own by their ends, see the migrations. */
const LONG_NS = 60_000_000_000n;

const texts = ["input", "output", "error", "stdout", "stderr", "reason", "secrets", "tags", "event"] as const;
const sizes = texts.map((column) => sql<number>`coalesce(octet_length(${sql.ref(column)}), 0)`);
/** Keys, ids and times. */
const FRAME_BYTES = 600;
/** A request's own line is recorded once and told five times, see http-context.ts. */
const bytes = sql<number>`${sql.lit(FRAME_BYTES)} + 5 * coalesce(octet_length(http_context), 0) + ${sql.join(sizes, sql` + `)}`;
const textBytes = sql<number>`coalesce(octet_length(input), 0) + coalesce(octet_length(title), 0)`;

interface Values {
  readonly organization: string;
  readonly executed: bigint;
  readonly id: string;
  /** Later than this. */
  readonly floor: bigint;
  readonly page: number;
  readonly functionName?: string;
  readonly since?: bigint;
}

// biome-ignore lint/complexity/noBannedTypes: no columns are chosen yet
type RunQuery<Row = {}> = SelectQueryBuilder<DatabaseSchema, "runs", Row>;

/** Which runs are looked through, by an index that has them in order of their times. */
const orders = {
  all: (query: RunQuery) => query,
  functionName: (query: RunQuery, { functionName = "" }: Values) => query.where("function_name", "=", functionName),
  failed: (query: RunQuery) => query.where("status", "=", sql.lit("ERROR")),
  unfinished: (query: RunQuery) => query.where("finished", "is", null),
} as const;

type Order = keyof typeof orders;

function orderOf({ status, functionName }: RunFilter): Order {
  if (status === "ERROR") return "failed";
  if (status === "INITIALIZED" || status === "CREATING") return "unfinished";
  return functionName === undefined ? "all" : "functionName";
}

function begin(query: RunQuery, order: Order, values: Values): RunQuery {
  const { organization, executed, id, floor } = values;
  return orders[order](query.where("organization", "=", organization), values)
    .where("executed", "<=", executed)
    .where("executed", ">", floor)
    .where(({ eb, not, and }) => not(and([eb("executed", "=", executed), eb("id", ">=", id)])));
}

function looked(query: RunQuery, { each }: Conditions, values: Values): RunQuery {
  const value = (name: string) => sql`${(values as unknown as Readonly<Record<string, unknown>>)[name]}`;
  return each.reduce((narrow, condition) => narrow.where(condition(value)), query);
}

type Keys = (database: Database, values: Values) => Promise<FoundRow[]>;
type FoundRow = Pick<RunTable, "executed" | "id"> & { readonly bytes: number };

/** Newest first. */
function keysOf(order: Order, conditions: Conditions): Keys {
  return reading((database, values: Values) => keyQuery(database, order, conditions, values));
}

function keyQuery(database: Database["query"], order: Order, conditions: Conditions, values: Values) {
  return looked(begin(database.selectFrom("runs"), order, values), conditions, values)
    .select(["executed", "id", bytes.as("bytes")])
    .orderBy("executed", "desc")
    .orderBy("id", "desc")
    .limit(values.page);
}

const besidesKey = shownColumns
  .filter((column) => column !== "id" && column !== "executed")
  .map((column) => `runs.${column}` as const);

/** The same, and what is shown of those that are small. */
function fewOf(order: Order, conditions: Conditions): Keys {
  return reading((database, values: Values) =>
    database
      .selectFrom(keyQuery(database, order, conditions, values).as("found"))
      .leftJoin("runs", (join) =>
        join
          .on("runs.organization", "=", values.organization)
          .onRef("runs.executed", "=", "found.executed")
          .onRef("runs.id", "=", "found.id")
          .on("found.bytes", "<=", sql.lit(SMALL_BYTES)),
      )
      .select(besidesKey)
      .select(["found.executed as executed", "found.id as id", "found.bytes as bytes"])
      .orderBy("found.executed", "desc")
      .orderBy("found.id", "desc"),
  );
}

/** Those that lasted long; not in the order of the index by time, which would lead through all that are older. */
function longKeysOf(conditions: Conditions) {
  const executed = sql<bigint>`executed + 0`;
  return reading((database, values: Values) =>
    looked(database.selectFrom("runs").where("organization", "=", values.organization), conditions, values)
      .where(sql<bigint>`finished - executed`, ">", sql.lit(Number(LONG_NS)) as unknown as bigint)
      .where("finished", ">", values.since ?? LATEST)
      .where(executed, "<=", values.executed)
      .where(sql<SqlBool>`not (executed = ${values.executed} and id >= ${values.id})`)
      .select(["executed", "id", bytes.as("bytes")])
      .orderBy(executed, "desc")
      .orderBy("id", "desc")
      .limit(values.page),
  );
}

/** Compiled queries by form (which filters are used): there are few, and each is compiled once. */
const forms = new Map<string, Keys>();

function ofForm(form: string, make: () => Keys): Keys {
  const keys = forms.get(form) ?? make();
  forms.set(form, keys);
  return keys;
}

/** Queries for the time at which a range ends, one for each order. */
const ends = mapped((order) =>
  reading((database, values: Values) =>
    begin(database.selectFrom("runs"), order, values)
      .select("executed")
      .orderBy("executed", "desc")
      .limit(1)
      .offset(RANGE - 1),
  ),
);

/** How many runs a range has and how large they are, where all of it is wanted. */
const totals = mapped((order) =>
  reading((database, values: Values) =>
    database
      .selectFrom(begin(database.selectFrom("runs"), order, values).select(bytes.as("bytes")).as("range"))
      .select(({ fn }) => [fn.countAll<number>().as("count"), fn.sum<number>("bytes").as("bytes")]),
  ),
);

const textSizes = mapped((order) =>
  reading((database, values: Values) =>
    begin(database.selectFrom("runs"), order, values)
      .select(["executed", textBytes.as("bytes")])
      .orderBy("executed", "desc")
      .limit(TEXTS),
  ),
);

function mapped<Made>(make: (order: Order) => Made): Readonly<Record<Order, Made>> {
  return {
    all: make("all"),
    functionName: make("functionName"),
    failed: make("failed"),
    unfinished: make("unfinished"),
  };
}

export interface Search {
  readonly begin: RunPlace;
  /** The next runs from a place on, of which the first `most` are wanted. */
  range(place: RunPlace, most: number): Promise<Range>;
}

export interface Searched extends RunFilter {
  /** Unix seconds: runs that began before. */
  readonly until?: number | undefined;
  /** The last run of the list before; it need not be there any more. */
  readonly cursor?: RunPlace | undefined;
}

/** First those that were accepted late enough to be in, then the few that lasted long until after `since`. */
export function searchesOf(database: Database, organization: string, selection: Searched): readonly Search[] {
  const since = selection.since === undefined ? undefined : nanosecondsOf(selection.since);
  const from = since === undefined || since < LONG_NS ? undefined : since - LONG_NS;
  const recent = recentSearch(database, organization, selection, from ?? -LATEST);
  return since === undefined || from === undefined
    ? [recent]
    : [recent, longSearch(database, organization, selection, { since, until: from })];
}

function recentSearch(database: Database, organization: string, selection: Searched, low: bigint): Search {
  const order = orderOf(selection);
  const conditions = conditionsOf(withoutOrder(selection, order));
  const keys = ofForm(`${order}: ${conditions.form}`, () => keysOf(order, conditions));
  const few = ofForm(`few ${order}: ${conditions.form}`, () => fewOf(order, conditions));
  const { functionName, family } = selection;
  const born = family === undefined ? low : (acceptedWithin(family)?.from ?? LATEST) - 1n;
  const fixed = { ...conditions.values, organization, functionName: functionName ?? "" };
  const floor = born > low ? born : low;
  const ask = async (place: RunPlace, least: bigint, page: number) =>
    (await (page > FEW + 1 ? keys : few)(database, { ...fixed, ...place, floor: least, page })).map(keyOf);
  const end = selection.text === undefined ? endOf : endOfTexts;
  const isPlain = conditions.each.length === 0;
  return {
    begin: beginOf(selection),
    range: async (place, most) => {
      if (isPlain && most <= RANGE) return pageOf(await ask(place, floor, most), most);
      const last = await end(database, order, { ...fixed, ...place, floor, page: 0 });
      const least = last === undefined ? floor : last - 1n;
      const next = last === undefined ? undefined : { executed: last, id: "" };
      if (!isPlain) return { ...known(await ask(place, least, most)), next, looked: RANGE };
      const [total] = await totals[order](database, { ...fixed, ...place, floor: least, page: 0 });
      const count = Number(total?.count ?? 0);
      return { count, bytes: Number(total?.bytes ?? 0), keys: () => ask(place, least, count), next, looked: 0 };
    },
  };
}

/** Keys that were read, as a range of their own. */
function known(keys: readonly RunKey[]): Pick<Range, "count" | "bytes" | "keys"> {
  return { count: keys.length, bytes: keys.reduce((sum, key) => sum + key.bytes, 0), keys: async () => keys };
}

function pageOf(keys: readonly RunKey[], page: number): Range {
  return { ...known(keys), next: keys.length < page ? undefined : keys.at(-1), looked: 0 };
}

function longSearch(
  database: Database,
  organization: string,
  selection: Searched,
  { since, until }: { since: bigint; until: bigint },
): Search {
  const conditions = conditionsOf(selection);
  const keys = ofForm(`long: ${conditions.form}`, () => longKeysOf(conditions));
  const fixed = { ...conditions.values, organization, since, floor: 0n };
  const first = beginOf(selection);
  return {
    begin: first.executed > until ? { executed: until + 1n, id: "" } : first,
    range: async (place, most) => {
      const page = Math.min(most, RANGE);
      return pageOf((await keys(database, { ...fixed, ...place, page })).map(keyOf), page);
    },
  };
}

/** The filter without the condition that the index of the order already guarantees. */
function withoutOrder(filter: RunFilter, order: Order): RunFilter {
  if (order === "functionName") return { ...filter, functionName: undefined };
  return order === "failed" ? { ...filter, status: undefined } : filter;
}

function beginOf({ cursor, until }: Searched): RunPlace {
  const latest = { executed: until === undefined ? LATEST : nanosecondsOf(until), id: "" };
  return cursor === undefined || cursor.executed >= latest.executed ? latest : cursor;
}

/** The time of the last run of a range; undefined when nothing is behind it. */
async function endOf(database: Database, order: Order, values: Values): Promise<bigint | undefined> {
  const [row] = await ends[order](database, values);
  return row && BigInt(row.executed);
}

/** The same where texts are searched: the range ends after so many bytes, because large texts take long. */
async function endOfTexts(database: Database, order: Order, values: Values): Promise<bigint | undefined> {
  const rows = await textSizes[order](database, values);
  let left = TEXT_BYTES;
  for (const { executed, bytes: size } of rows) {
    left -= Number(size);
    if (left <= 0) return BigInt(executed);
  }
  return rows.length < TEXTS ? undefined : BigInt(rows.at(-1)?.executed ?? 0);
}

function keyOf(row: FoundRow | (FoundRow & ShownRow)): RunKey {
  const key = { executed: BigInt(row.executed), id: row.id, bytes: Number(row.bytes) };
  const hasRun = "function_name" in row && row.function_name !== null;
  return hasRun ? { ...key, run: shownFromRow(row) } : key;
}
