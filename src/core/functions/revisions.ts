/** The revisions that serve: in memory, ready to be called, with the checks of their schemas. */
import type { Revision } from "../pool/revision.ts";
import type { RevisionTable } from "../shared/database-schema.ts";
import type { Database, Statement } from "../shared/ports.ts";
import type { Person } from "../shared/principal.ts";
import { statement } from "../shared/statement.ts";
import type { SchemaCheck, Schemas } from "./schema/schemas.ts";

/** What a revision's row holds. */
export interface StoredRevision {
  readonly revision: Revision;
  readonly secrets: readonly string[];
  readonly schema: { readonly in: unknown; readonly out: unknown };
  /** Attempts beyond the first, for a run that nobody waits for; see core/runs/repetition.ts. */
  readonly retries: number;
  /** What the function itself throws is a reason for another attempt. */
  readonly retryFunctionErrors?: boolean;
  /** The value of its tag `Application`. */
  readonly application?: string;
  /** Who wrote it; absent is the administrator. */
  readonly author?: Person;
}

/** A revision that can be called. */
export interface Serving extends StoredRevision {
  readonly checkInput: SchemaCheck | undefined;
  readonly checkOutput: SchemaCheck | undefined;
}

const removeRevision = statement((database, { organization, faasId }: { organization: string; faasId: string }) =>
  database.deleteFrom("revisions").where("organization", "=", organization).where("faas_id", "=", faasId),
);

const insertRevision = statement((database, row: RevisionTable) =>
  database.insertInto("revisions").values({
    organization: row.organization,
    faas_id: row.faas_id,
    function_id: row.function_id,
    created: row.created,
    document: row.document,
  }),
);

export class Revisions {
  readonly #database: Database;
  readonly #schemas: Schemas;
  readonly #serving = new Map<string, Serving>();

  constructor(database: Database, schemas: Schemas) {
    this.#database = database;
    this.#schemas = schemas;
  }

  /** Reads the revisions with these ids, as they may run today; schemas are compiled at the first call that needs them. */
  async load(wanted: ReadonlySet<string>, today: (revision: Revision) => Revision): Promise<void> {
    const all = this.#database.query.selectFrom("revisions").selectAll();
    const [one = ""] = wanted;
    const rows = await (wanted.size === 1 ? all.where("faas_id", "=", one) : all).execute();
    for (const row of rows.filter(({ faas_id }) => wanted.has(faas_id))) {
      const stored = JSON.parse(row.document) as StoredRevision;
      this.keep({ ...stored, revision: today(stored.revision) });
    }
  }

  keep(stored: StoredRevision): Serving {
    const serving = withChecks(stored, this.#schemas);
    this.#serving.set(stored.revision.faasId, serving);
    return serving;
  }

  forget(faasId: string): void {
    this.#serving.delete(faasId);
  }

  get(faasId: string): Serving | undefined {
    return this.#serving.get(faasId);
  }

  /** One that serves no longer leaves nothing but its name in the records of its runs. */
  static remove(organization: string, faasId: string): Statement {
    return removeRevision({ organization, faasId });
  }

  /** The row that makes a revision durable; it goes into the transaction that makes it serve. */
  static insert(stored: StoredRevision, created: number): Statement {
    const { organization, faasId, functionId } = stored.revision;
    return insertRevision({
      organization,
      faas_id: faasId,
      function_id: functionId,
      created,
      document: JSON.stringify(stored),
    });
  }
}

function withChecks(stored: StoredRevision, schemas: Schemas): Serving {
  const { schema, revision } = stored;
  return {
    ...stored,
    checkInput: schemas.check(revision.functionId, "in", schema.in),
    checkOutput: schemas.check(revision.functionId, "out", schema.out),
  };
}
