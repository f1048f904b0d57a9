/** A condition on rows that stand for work: theirs has ended, or there never was any. */
import { type Expression, expressionBuilder, type SqlBool } from "kysely";
import type { DatabaseSchema } from "../shared/database-schema.ts";
import type { WorkKindName } from "./kinds.ts";

/** Tables whose rows have the organization and the id of their work. */
type Working = "deliveries" | "runs";

/** No work of this kind has the id of the row. */
export function noWork(kind: WorkKindName, table: Working): Expression<SqlBool> {
  const { not, exists, selectFrom } = expressionBuilder<DatabaseSchema, Working>();
  return not(
    exists(
      selectFrom("work")
        .select("work.id")
        .whereRef("work.organization", "=", `${table}.organization`)
        .where("work.kind", "=", kind)
        .whereRef("work.id", "=", `${table}.id`),
    ),
  );
}
