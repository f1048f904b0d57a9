/**
 * What public reports say of systems like ours, as small scripts in a folder beside the checkout: each exits with 0 when
 * the behaviour is right, 1 when the fault is there, 2 when it could not be tried here.
 */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { programPath } from "./support/command-line.ts";
import { type ServerProcess, startServer } from "./support/server.ts";

const folder = fileURLToPath(new URL("../../../shared/cases", import.meta.url));

/** Still to be done. A case leaves this list with the change that makes it right. */
const PENDING: readonly string[] = [];

const RIGHT = 0;
const NOT_TRIED = 2;

const cases = existsSync(folder) ? readdirSync(folder).filter((name) => existsSync(join(folder, name, "run.sh"))) : [];
const where = cases.length > 0 ? "reported cases" : `reported cases (SKIPPED: there is no folder ${folder})`;

interface Tried {
  readonly status: number;
  readonly output: string;
}

describe.skipIf(cases.length === 0)(where, () => {
  let server: ServerProcess;
  let copying: NodeJS.Timeout;

  beforeAll(async () => {
    server = await startServer();
    const log = join(server.dataDir, "cases.log");
    const copy = (): void => writeFileSync(log, server.log.map((line) => JSON.stringify(line)).join("\n"));
    copy();
    copying = setInterval(copy, 100);
  });
  afterAll(async () => {
    clearInterval(copying);
    await server.dispose();
  });

  const attempt = (name: string): Promise<Tried> => {
    const { api: API, gateway: GW, dataDir } = server;
    const env = { ...process.env, API, GW, DISPATCH: programPath, LOG: join(dataDir, "cases.log") };
    return new Promise((resolve) => {
      execFile(join(folder, name, "run.sh"), { env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
        const status = error === null ? RIGHT : Number(error.code);
        resolve({ status, output: `${stdout}${stderr}` });
      });
    });
  };

  for (const name of cases) {
    test.skipIf(PENDING.includes(name))(
      PENDING.includes(name) ? `${name} (PENDING)` : name,
      async ({ skip }) => {
        const { status, output } = await attempt(name);
        skip(status === NOT_TRIED, `could not be tried here: ${output}`);
        expect(`${output}exit ${status}`).toMatch(/exit 0$/);
      },
      300_000,
    );
  }
});
