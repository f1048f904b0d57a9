/**
 * Reads the table of changes from a place on. Sequences become visible in their order: writers of one database take turns,
 * which the audit chain needs as well.
 */
import type { Database } from "../shared/ports.ts";
import type { Change } from "./change-feed.ts";

const PAGE = 500;

export interface ChangePage {
  readonly changes: readonly Change[];
  /** Changes after the last one that was read were deleted before they were read: everything must be read again. */
  readonly isGap: boolean;
  /** There is more to read. */
  readonly goesOn: boolean;
}

export class ChangeReader {
  readonly #database: Database;
  #position: number;

  /** `position`: the sequence of the last change that is known; where a reader before left off, to resume there. */
  constructor(database: Database, position: number) {
    this.#database = database;
    this.#position = position;
  }

  /** The last change that was read. */
  get position(): number {
    return this.#position;
  }

  /** What comes next, of these kinds. */
  async read(kinds: readonly string[]): Promise<ChangePage> {
    const head = await latestChange(this.#database);
    const from = this.#position;
    if (head === from || kinds.length === 0) return { changes: [], isGap: false, goesOn: false };
    if (await this.#isGap(head)) {
      this.#position = head;
      return { changes: [], isGap: true, goesOn: false };
    }
    const rows = await this.#database.query
      .selectFrom("changes")
      .selectAll()
      .where("sequence", ">", from)
      .where("sequence", "<=", head)
      .where("kind", "in", kinds)
      .orderBy("sequence")
      .limit(PAGE)
      .execute();
    const goesOn = rows.length === PAGE;
    this.#position = goesOn ? Number(rows.at(-1)?.sequence) : head;
    return { changes: rows.map((row) => ({ ...row, name: row.name ?? "" })), isGap: false, goesOn };
  }

  /** Whether changes are missing. The oldest are dropped first, so none is missing while the last known one exists. A newest sequence that went back means that the database was replaced. */
  async #isGap(head: number): Promise<boolean> {
    if (head < this.#position) return true;
    const rows = this.#database.query.selectFrom("changes").select("sequence");
    const wanted = this.#position === 0 ? rows.orderBy("sequence") : rows.where("sequence", "=", this.#position);
    const row = await wanted.limit(1).executeTakeFirst();
    return this.#position === 0 ? Number(row?.sequence ?? 1) > 1 : row === undefined;
  }
}

/** The sequence of the newest change, 0 for none. */
export async function latestChange({ query }: Database): Promise<number> {
  const rows = query.selectFrom("changes").select("sequence").orderBy("sequence", "desc");
  return Number((await rows.limit(1).executeTakeFirst())?.sequence ?? 0);
}
