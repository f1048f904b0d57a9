/** Writes many runs into the database of a server that is stopped: a hundred thousand in a few seconds. */
import { join } from "node:path";
import Database from "better-sqlite3";
import { newRunId } from "../src/core/runs/run-id.ts";

const NANOSECONDS = 1_000_000n;
/** One run every 20 ms, the last one a minute ago. */
const EVERY_MS = 20;
const PAUSE_MS = 60_000;

const sql = `insert into runs (organization, id, function_name, function_id, faas_id, status, blocking, executed, finished,
  input, output, stdout, http_context, attempt, depth, principal)
  values (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, 1, 0, 'administrator:administrator')`;

export interface SeededFunction {
  readonly organization: string;
  readonly name: string;
  readonly id: string;
  readonly faasId: string;
}

/** One in a hundred has failed. Inputs, outputs, logs and contexts are as large as those of a small chat command. */
export function seedRuns(dataDir: string, { organization, name, id, faasId }: SeededFunction, count: number): void {
  const database = new Database(join(dataDir, "dispatch.db"));
  try {
    const insert = database.prepare(sql);
    const input = JSON.stringify({ text: "create vmtest01 on gcp", user: "U012AB3CD" });
    const context = JSON.stringify({ request: "/cloudmaster", method: "POST", host: "chat.example.com" });
    const first = BigInt(Date.now() - PAUSE_MS - count * EVERY_MS) * NANOSECONDS;
    database.transaction(() => {
      for (let at = 0; at < count; at++) {
        const executed = first + BigInt(at * EVERY_MS) * NANOSECONDS;
        const status = at % 100 === 0 ? "ERROR" : "READY";
        const times = [executed, executed + 5n * NANOSECONDS];
        insert.run(
          organization,
          newRunId(executed),
          name,
          id,
          faasId,
          status,
          ...times,
          input,
          input,
          '["done"]',
          context,
        );
      }
    })();
  } finally {
    database.close();
  }
}
