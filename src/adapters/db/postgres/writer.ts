/**
 * Writes groups of units, each group in one transaction. Nearly every group is good as a whole and is sent at once; only
 * when one is not does each unit get a savepoint, and the bad ones fail alone. A group whose commit was on its way when the
 * server went away is looked up afterwards, so that nothing is lost or done twice.
 */
import type { Client, QueryResult } from "pg";
import { StaleWriteError } from "../../../core/shared/ports.ts";
import type { UnitFailure } from "../commit-queue.ts";
import { databaseError, isAway, mayTryAgain } from "./errors.ts";
import { patiently, type Session } from "./session.ts";

/** A statement with its values, ready to be sent. */
export interface Ready {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
  readonly expectOne: boolean;
}

export class Writer {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Returns the units that were not committed; all others are durable. */
  async write(group: readonly (readonly Ready[])[]): Promise<UnitFailure[]> {
    try {
      return await patiently(async () => {
        const client = await this.#session.client();
        const failures = await this.#attempt(client, group);
        return failures ?? (await this.#separately(client, group));
      });
    } catch (error) {
      return group.map((_, unit) => ({ unit, error: databaseError(error) }));
    }
  }

  /** Undefined when a unit of the group is bad. */
  async #attempt(client: Client, group: readonly (readonly Ready[])[]): Promise<UnitFailure[] | undefined> {
    const begun = begin(client);
    const sent = group.flatMap((unit) => unit.map((statement) => send(client, statement)));
    const [start, ...results] = await Promise.allSettled([begun, ...sent]);
    const bad = results.find((result) => result.status === "rejected");
    if (start.status === "fulfilled" && bad === undefined) {
      await this.#commit(client, start.value);
      return [];
    }
    const error: unknown = start.status === "rejected" ? start.reason : bad?.reason;
    await client.query("rollback");
    if (isAway(error)) throw error;
    return undefined;
  }

  async #separately(client: Client, group: readonly (readonly Ready[])[]): Promise<UnitFailure[]> {
    const failures: UnitFailure[] = [];
    const transaction = await begin(client);
    try {
      for (const [unit, statements] of group.entries()) {
        const error = await inSavepoint(client, statements);
        if (error !== undefined) failures.push({ unit, error });
      }
    } catch (error) {
      await client.query("rollback").catch(() => {});
      throw error;
    }
    await this.#commit(client, transaction);
    return failures;
  }

  /**
   * When the connection breaks during the commit, the server is asked afterwards whether it was done. The new session has the
   * lock that the old one held, so the old transaction has ended by then.
   */
  async #commit(client: Client, transaction: string): Promise<void> {
    try {
      await client.query("commit");
    } catch (error) {
      if (!isAway(error) || !(await this.#wasCommitted(transaction))) throw error;
    }
  }

  #wasCommitted(transaction: string): Promise<boolean> {
    return patiently(async () => {
      const client = await this.#session.client();
      const { rows } = await client.query<{ status: string | null }>(STATUS, [transaction]);
      return rows[0]?.status === "committed";
    });
  }
}

/** After a crash PostgreSQL may not know any more that it gave the number out. The status of such a number is an error, hence the comparison. */
const STATUS =
  "select case when $1::xid8 < pg_snapshot_xmax(pg_current_snapshot()) then pg_xact_status($1::xid8) end as status";

/** Returns the number of the transaction. */
async function begin(client: Client): Promise<string> {
  const [, { rows }] = await Promise.all([
    client.query("begin"),
    client.query<{ number: string }>("select pg_current_xact_id()::text as number"),
  ]);
  return rows[0]?.number ?? "";
}

async function send(client: Client, { name, text, values, expectOne }: Ready): Promise<QueryResult> {
  const result = await client.query({ name, text, values });
  if (expectOne && result.rowCount !== 1) throw new StaleWriteError("nothing changed");
  return result;
}

/** Why the unit was not written; undefined when it was. @throws Error when the whole group may be tried again */
async function inSavepoint(client: Client, statements: readonly Ready[]): Promise<Error | undefined> {
  await client.query("savepoint unit");
  try {
    for (const statement of statements) await send(client, statement);
    await client.query("release savepoint unit");
    return undefined;
  } catch (error) {
    if (isAway(error) || mayTryAgain(error)) throw error;
    await client.query("rollback to savepoint unit");
    return error instanceof StaleWriteError ? error : databaseError(error);
  }
}
