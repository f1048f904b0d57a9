/**
 * Runs of functions that were deleted. They are out of sight at once, by the unit that deletes the function, and their rows
 * are deleted afterwards, in small chunks: nobody waits, however many there are.
 */
import { unixNanoseconds } from "../shared/clock.ts";
import type { Database, Statement } from "../shared/ports.ts";
import { enqueue, type HeldJob } from "../work/job.ts";
import { dropOf } from "./old-runs.ts";
import type { Pace } from "./pace.ts";

export interface ForgottenFunction {
  readonly organization: string;
  readonly name: string;
  readonly id: string;
}

export interface ForgottenRunsPorts {
  readonly database: Database;
  readonly pace: Pace;
  /** Work of this kind was promised. */
  readonly wake: (kind: string) => void;
}

const KIND = "forget-runs";

export class ForgottenRuns {
  readonly #ports: ForgottenRunsPorts;
  readonly #ids = new Set<string>();

  constructor(ports: ForgottenRunsPorts) {
    this.#ports = ports;
  }

  /** What a server before had still to delete. */
  async load(): Promise<void> {
    const rows = await this.#ports.database.query.selectFrom("work").select("id").where("kind", "=", KIND).execute();
    for (const { id } of rows) this.#ids.add(id);
  }

  /** The ids of the functions whose runs are out of sight. */
  get ids(): ReadonlySet<string> {
    return this.#ids;
  }

  /** Goes into the unit that deletes the function; `begin` when that is committed. */
  promise({ organization, name, id }: ForgottenFunction): Statement {
    return enqueue({ organization, kind: KIND, id, payload: JSON.stringify({ name }), maxAttempts: 0 });
  }

  begin({ id }: ForgottenFunction): void {
    this.#ids.add(id);
    this.#ports.wake(KIND);
  }

  readonly perform = async (
    { organization, id, payload }: HeldJob,
    signal: AbortSignal,
  ): Promise<readonly Statement[]> => {
    const { database, pace } = this.#ports;
    const { name } = JSON.parse(payload) as { name: string };
    this.#ids.add(id);
    // All of them were accepted before now: the function was gone when this was promised.
    await dropOf(database, { organization, functionName: name, id }, unixNanoseconds(), (act) =>
      pace.step(signal, act),
    );
    this.#ids.delete(id);
    return [];
  };
}
