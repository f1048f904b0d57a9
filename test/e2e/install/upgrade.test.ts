/** `dispatch-server upgrade`, with a stand-in for systemctl that starts and stops what the unit says. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { programPath } from "../support/command-line.ts";
import { Dispatch } from "../support/dispatch.ts";
import { runServer, temporaryFolder } from "../support/server.ts";
import { until } from "../support/until.ts";

const PORT = "28467";
const skip = process.getuid?.() !== 0;
const server = join(programPath, "../dispatch-server");

let folder: string;
let environment: Record<string, string>;

/** As systemd does it, with the unit in the test's folder. */
const systemctl = (units: string, state: string): string => `#!/bin/bash
case $1 in
  start) eval "set -- $(sed -n 's/^ExecStart=//p' ${units}/dispatch.service)"
         setsid "$@" >>${state}/log 2>&1 </dev/null & echo $! >${state}/pid ;;
  stop)  [ -e ${state}/pid ] && kill "$(cat ${state}/pid)" 2>/dev/null
         while kill -0 "$(cat ${state}/pid 2>/dev/null)" 2>/dev/null; do sleep 0.1; done; rm -f ${state}/pid ;;
esac
exit 0
`;

beforeAll(async () => {
  folder = await temporaryFolder();
  for (const name of ["units", "bin", "state", "data"]) await mkdir(join(folder, name), { mode: 0o700 });
  await writeFile(join(folder, "bin/systemctl"), systemctl(join(folder, "units"), join(folder, "state")), {
    mode: 0o755,
  });
  environment = { PATH: `${join(folder, "bin")}:${process.env.PATH ?? ""}` };
  const flags = `--data-dir ${join(folder, "data")} --port ${PORT} --gateway-port 0`;
  await writeFile(join(folder, "units/dispatch.service"), `[Service]\nExecStart=${server} ${flags}\nRestart=no\n`);
});
afterAll(async () => {
  const pid = join(folder, "state/pid");
  if (existsSync(pid)) process.kill(Number(readFileSync(pid, "utf8")), "SIGTERM");
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await rm(folder, { recursive: true, force: true });
});

const upgrade = (...flags: string[]) =>
  runServer(["upgrade", "--unit-dir", join(folder, "units"), ...flags], environment);
const unit = (): string => readFileSync(join(folder, "units/dispatch.service"), "utf8");
const dispatch = new Dispatch(`http://127.0.0.1:${PORT}`);

test.skipIf(skip)(
  `an upgrade that works, one that does not, and none${skip ? " (SKIPPED: needs root)" : ""}`,
  async () => {
    // The same program under another name.
    const next = join(folder, "bin/next");
    await writeFile(next, `#!/bin/sh\nexec ${server} "$@"\n`, { mode: 0o755 });
    const plan = await upgrade("--dry-run", "--program", next);
    expect([plan.code, plan.stdout]).toEqual([0, expect.stringContaining("- systemctl stop dispatch.service")]);
    expect(unit()).toContain(`ExecStart=${server} `);

    execFileSync("systemctl", ["start", "dispatch.service"], { env: { ...process.env, ...environment } });
    await until("the service runs", () => dispatch.get("/healthz").catch(() => undefined));
    const missing = await runServer(["upgrade", "--unit-dir", join(folder, "data")], environment);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("dispatch-server install makes one")]);

    const done = await upgrade("--program", next);
    expect([done.stderr, done.code]).toEqual(["", 0]);
    expect(unit()).toContain(`ExecStart=${next} `);
    await dispatch.post("/v1/secret", { name: "kept", secrets: { a: "b" } });

    // One that spoils the database and ends.
    const broken = join(folder, "bin/broken");
    const database = join(folder, "data/dispatch.db");
    await writeFile(broken, `#!/bin/sh\necho spoilt >${database}\nrm -f ${database}-wal\nexit 1\n`, { mode: 0o755 });
    const failed = await upgrade("--program", broken, "--patience", "20");
    expect([failed.code, failed.stderr]).toEqual([
      1,
      expect.stringContaining("was not taken: it was not well after 20 s"),
    ]);
    expect(failed.stderr).toContain(`${next} runs again, with its data`);
    expect(unit()).toContain(`ExecStart=${next} `);
    expect((await dispatch.get("/v1/secret/kept")).status).toBe(200);
    expect(readdirSync(join(folder, "data")).filter((name) => /^before-upgrade-.*\.tar\.gz$/.test(name))).toHaveLength(
      2,
    );
  },
);
