/**
 * Lists of runs in bounded memory. First it is found out which runs belong to a list and how large they are, range by range
 * and without their texts (run-search.ts); then they are read a few at a time, when whoever gets them has taken those before.
 * So a list holds up neither the thread that answers requests nor that of the database, however many runs there are.
 */
import type { Database } from "../shared/ports.ts";
import { reading } from "../shared/reading.ts";
import { Turns } from "../shared/turns.ts";
import { type ShownRun, shownColumns, shownFromRow } from "./record.ts";
import { type Range, type RunKey, type RunPlace, type Searched, searchesOf } from "./run-search.ts";

/** Which runs, newest first. */
export interface RunSelection extends Searched {
  readonly limit?: number | undefined;
}

export interface RunList {
  /** How many runs it has. */
  readonly length: number;
  /** At most so many of JSON. */
  readonly bytes: number;
  /** The last run, or how far was looked, when the list goes on after it. */
  readonly next: RunPlace | undefined;
  /** The runs, some at a time; each part is read when it is asked for. One that was deleted meanwhile is left out. */
  parts(): AsyncGenerator<ShownRun[]>;
}

/** Of one answer. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Most runs that one list looks through where no index helps; then the answer says where the next list goes on. */
const MOST_LOOKED_AT = 100_000;
/** How many runs are read at once; fewer when they are large. */
const RUNS_PAGE = 64;
const PAGE_BYTES = 128 * 1024;

export class RunLists {
  readonly #database: Database;
  readonly #most: number;
  readonly #hidden: ReadonlySet<string>;
  readonly #mostLookedAt: number;
  /** Of all lists only one query at a time is sent to the database, so that many lists do not delay other work. */
  readonly #turns = new Turns();

  /** `most`: entries of one list. Runs of the functions with the ids of `hidden` are in none. */
  constructor(
    database: Database,
    most: number,
    hidden: ReadonlySet<string> = new Set(),
    mostLookedAt = MOST_LOOKED_AT,
  ) {
    this.#database = database;
    this.#most = most;
    this.#hidden = hidden;
    this.#mostLookedAt = mostLookedAt;
  }

  async list(organization: string, selection: RunSelection): Promise<RunList> {
    const found = new Found(Math.min(selection.limit ?? this.#most, this.#most));
    const next = await this.#find(organization, { ...selection, hidden: [...this.#hidden] }, found);
    return { length: found.count, bytes: found.bytes, next, parts: () => this.#parts(organization, found) };
  }

  /** Finds as many as have room; the result is where to go on. */
  async #find(organization: string, selection: RunSelection, found: Found): Promise<RunPlace | undefined> {
    let left = this.#mostLookedAt;
    for (const search of searchesOf(this.#database, organization, selection)) {
      for (let place: RunPlace | undefined = search.begin; place !== undefined; ) {
        if (left <= 0) return place;
        const from: RunPlace = place;
        const range = await this.#turns.take(() => search.range(from, found.room + 1));
        if (!found.add(range)) return found.fill(await this.#turns.take(() => range.keys())) ?? from;
        left -= range.looked;
        place = range.next;
      }
    }
    return undefined;
  }

  async *#parts(organization: string, { ranges }: Found): AsyncGenerator<ShownRun[]> {
    for (const { keys } of ranges)
      for (const part of partsOf(await this.#turns.take(keys)))
        yield await this.#turns.take(() => this.#read(organization, part));
  }

  async #read(organization: string, keys: readonly RunKey[]): Promise<ShownRun[]> {
    if (keys.every(({ run }) => run !== undefined)) return keys.flatMap(({ run }) => run ?? []);
    const rows = await readRuns(this.#database, wantedOf(organization, keys));
    const byId = new Map(rows.map((row) => [row.id, row]));
    return keys.flatMap(({ id }) => byId.get(id) ?? []).map(shownFromRow);
  }
}

/** What has room in one answer. */
class Found {
  readonly ranges: Pick<Range, "keys">[] = [];
  count = 0;
  bytes = 0;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get room(): number {
    return this.#most - this.count;
  }

  /** False when it has no room. */
  add({ count, bytes, keys }: Pick<Range, "keys" | "count" | "bytes">): boolean {
    if (count > this.room || this.bytes + bytes > MOST_BYTES) return false;
    this.ranges.push({ keys });
    this.count += count;
    this.bytes += bytes;
    return true;
  }

  /** Takes as many as have room, and a single one always; the last that it took. */
  fill(keys: readonly RunKey[]): RunKey | undefined {
    const taken: RunKey[] = [];
    for (const key of keys) {
      const isFirst = this.count === 0;
      if (this.room <= 0 || (!isFirst && this.bytes + key.bytes > MOST_BYTES)) break;
      taken.push(key);
      this.count++;
      this.bytes += key.bytes;
    }
    if (taken.length > 0) this.ranges.push({ keys: async () => taken });
    return taken.at(-1);
  }
}

/** Always the same number of placeholders, so that it is always the same statement. */
const times = Array.from({ length: RUNS_PAGE }, (_, at): `time${number}` => `time${at}`);

interface Wanted {
  readonly organization: string;
  readonly [time: `time${number}`]: bigint;
}

const readRuns = reading((database, wanted: Wanted) =>
  database
    .selectFrom("runs")
    .select(shownColumns)
    .where("organization", "=", wanted.organization)
    .where(
      "executed",
      "in",
      times.map((time) => wanted[time] ?? 0n),
    ),
);

function wantedOf(organization: string, keys: readonly RunKey[]): Wanted {
  const executed = times.map((time, at) => [time, keys[Math.min(at, keys.length - 1)]?.executed ?? 0n]);
  return { organization, ...Object.fromEntries(executed) };
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
