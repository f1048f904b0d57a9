/** Dead letters: work that could not be done is kept until somebody sends it again or deletes it. */
import type { ExpressionBuilder, Selectable } from "kysely";
import { auditStatement } from "../audit/audit.ts";
import type { DatabaseSchema, DeadLetterTable } from "../shared/database-schema.ts";
import { DispatchError } from "../shared/errors.ts";
import type { Iam } from "../shared/iam.ts";
import { type Database, DuplicateError, StaleWriteError, type Statement } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { statement } from "../shared/statement.ts";
import type { DeadLetter } from "./dead-letters-contract.ts";
import { enqueue } from "./job.ts";

export interface DeadLettersPorts {
  readonly database: Database;
  readonly iam: Iam;
  /** Work of this kind was promised. */
  readonly wake: (kind: string) => void;
}

const PAGE = 100;

interface Key {
  readonly organization: string;
  readonly id: string;
}

const remove = statement(
  (database, { organization, id }: Key) =>
    database.deleteFrom("dead_letters").where("organization", "=", organization).where("id", "=", id),
  "one",
);

const replacePayload = statement(
  (database, { organization, id, payload }: Key & { payload: string }) =>
    database.updateTable("dead_letters").set({ payload }).where("organization", "=", organization).where("id", "=", id),
  "one",
);

type Row = Selectable<DeadLetterTable>;

export interface LetterPage {
  readonly limit?: number | undefined;
  /** `next` of the list before. */
  readonly cursor?: string | undefined;
}

export interface LetterList {
  readonly letters: DeadLetter[];
  /** Undefined at the end. */
  readonly next: string | undefined;
}

/** Behind a letter that need not be there any more. @throws INVALID_TYPE */
function behind(cursor: string) {
  const [, died = "", id = ""] = /^(\d{1,15})\.([\da-f-]{36})$/.exec(cursor) ?? [];
  if (id === "") {
    const message = `cursor in query must be one that a list answered: ${JSON.stringify(cursor)}`;
    throw new DispatchError("INVALID_TYPE", { message });
  }
  return ({ eb, and, not }: ExpressionBuilder<DatabaseSchema, "dead_letters">) =>
    and([eb("died", "<=", Number(died)), not(and([eb("died", "=", Number(died)), eb("id", ">=", id)]))]);
}

export class DeadLetters {
  readonly #ports: DeadLettersPorts;

  constructor(ports: DeadLettersPorts) {
    this.#ports = ports;
  }

  /** Newest first, without what was to be done. */
  async list(
    principal: Principal,
    organization: string,
    { limit = PAGE, cursor }: LetterPage = {},
  ): Promise<LetterList> {
    this.#authorize(principal, organization, "get");
    let query = this.#ports.database.query
      .selectFrom("dead_letters")
      .select(["id", "kind", "attempts", "error", "died"])
      .where("organization", "=", organization);
    if (cursor !== undefined) query = query.where(behind(cursor));
    const rows = await query
      .orderBy("died", "desc")
      .orderBy("id", "desc")
      .limit(limit + 1)
      .execute();
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return { letters: rows.slice(0, limit).map(toWire), next: last && `${last.died}.${last.id}` };
  }

  /** @throws NOT_FOUND */
  async get(principal: Principal, organization: string, id: string): Promise<DeadLetter> {
    this.#authorize(principal, organization, "get");
    const row = await this.#find({ organization, id });
    return { ...toWire(row), work: JSON.parse(row.payload) as unknown } as DeadLetter;
  }

  /** `data` is JSON text. @throws NOT_FOUND, BAD_REQUEST for what has none */
  async edit(principal: Principal, organization: string, id: string, data: string): Promise<DeadLetter> {
    this.#authorize(principal, organization, "update");
    const { kind, payload } = await this.#find({ organization, id });
    if (kind !== "delivery") {
      const message = `dead letter ${id} is a ${kind}, which has no data: only deliveries can be changed`;
      throw new DispatchError("BAD_REQUEST", { message });
    }
    const changed = JSON.stringify({ ...(JSON.parse(payload) as object), input: data });
    const audit = auditStatement({ principal, action: "update", organization, kind: "DeadLetter", name: id });
    try {
      await this.#ports.database.commit([replacePayload({ organization, id, payload: changed }), audit]);
    } catch (error) {
      if (error instanceof StaleWriteError) throw notFound(id);
      throw error;
    }
    return this.get(principal, organization, id);
  }

  /** It is work again, behind what waits in its order. @throws NOT_FOUND */
  async retry(principal: Principal, organization: string, id: string): Promise<DeadLetter> {
    this.#authorize(principal, organization, "update");
    const row = await this.#find({ organization, id });
    const { kind, work_id, order_key, payload, max_attempts } = row;
    const job = {
      organization,
      kind,
      id: work_id,
      orderKey: order_key ?? undefined,
      payload,
      maxAttempts: max_attempts,
    };
    await this.#end(principal, "retry", row, [enqueue(job)]);
    this.#ports.wake(kind);
    return toWire(row);
  }

  /** @throws NOT_FOUND */
  async delete(principal: Principal, organization: string, id: string): Promise<void> {
    this.#authorize(principal, organization, "delete");
    await this.#end(principal, "delete", await this.#find({ organization, id }), []);
  }

  async #end(principal: Principal, action: string, row: Row, more: readonly Statement[]): Promise<void> {
    const { organization, id } = row;
    const audit = auditStatement({ principal, action, organization, kind: "DeadLetter", name: id });
    try {
      await this.#ports.database.commit([remove({ organization, id }), ...more, audit]);
    } catch (error) {
      // Somebody else has sent or deleted it at the same time.
      if (error instanceof StaleWriteError || error instanceof DuplicateError) throw notFound(id);
      throw error;
    }
  }

  async #find({ organization, id }: Key): Promise<Row> {
    const row = await this.#ports.database.query
      .selectFrom("dead_letters")
      .selectAll()
      .where("organization", "=", organization)
      .where("id", "=", id)
      .executeTakeFirst();
    if (row === undefined) throw notFound(id);
    return row;
  }

  #authorize(principal: Principal, organization: string, action: "get" | "update" | "delete"): void {
    this.#ports.iam.authorize(principal, { resource: "deadletter", action, organization });
  }
}

function toWire({
  id,
  kind,
  attempts,
  error,
  died,
}: Pick<Row, "id" | "kind" | "attempts" | "error" | "died">): DeadLetter {
  return { name: id, kind, attempts, error, diedTime: died };
}

function notFound(id: string): DispatchError {
  return new DispatchError("NOT_FOUND", { kind: "dead letter", name: id });
}
