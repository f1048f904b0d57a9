/**
 * Writes as Kysely sees them: a statement is written down once, with places for its values, and each database compiles it
 * for its own dialect when it meets it first. So the hot ones cost a look-up, and nobody writes SQL for one dialect by hand.
 */
import type { Kysely } from "kysely";
import type { DatabaseSchema } from "./database-schema.ts";
import type { Compilable, Query, Statement } from "./ports.ts";

/** Stands in a statement's text where a value belongs. */
export class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

const placeholders = new Proxy(
  {},
  {
    get: (_, name) => new Placeholder(String(name)),
    ownKeys: () => {
      throw new Error("a statement names each of its values");
    },
  },
);

/**
 * A statement with named values. `build` is called once for each database, with a placeholder for each value that it names:
 * it may put them into the query, and nowhere else, and cannot enumerate them. `expect: "one"` as in `Statement`.
 */
export function statement<Values extends object, Row = unknown>(
  build: (database: Kysely<DatabaseSchema>, values: Values) => Compilable<Row>,
  expect?: "one",
): (values: Values) => Statement<Row> {
  const query: Query<Row> = (database) => build(database, placeholders as Values);
  return expect === undefined ? (values) => ({ query, values }) : (values) => ({ query, values, expect });
}

/** What stands in a slot for this statement; undefined for a value that was forgotten, which every database refuses. */
export function inSlot(slot: unknown, values: object): unknown {
  return slot instanceof Placeholder ? (values as Readonly<Record<string, unknown>>)[slot.name] : slot;
}
