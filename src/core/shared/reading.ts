/** Reads that are written down once, with places for their values: Kysely compiles each once for a database, not each time. */
import type { CompiledQuery, Kysely } from "kysely";
import type { DatabaseSchema } from "./database-schema.ts";
import type { Database } from "./ports.ts";
import { inSlot, statement } from "./statement.ts";

type Build<Values, Row> = (
  database: Kysely<DatabaseSchema>,
  values: Values,
) => { compile(): CompiledQuery<Row>; execute(): Promise<Row[]> };

/** A read with named values; what `build` may do is said at `statement`. */
export function reading<Values extends object, Row>(
  build: Build<Values, Row>,
): (database: Database, values: Values) => Promise<Row[]> {
  const made = statement<Values, Row>(build);
  const compiled = new WeakMap<Kysely<DatabaseSchema>, CompiledQuery<Row>>();
  return async ({ query: kysely }, values) => {
    const { query } = made(values);
    const text = compiled.get(kysely) ?? query(kysely).compile();
    compiled.set(kysely, text);
    const parameters = text.parameters.map((slot) => inSlot(slot, values));
    return (await kysely.executeQuery<Row>({ ...text, parameters })).rows;
  };
}
