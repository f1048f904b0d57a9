/** `dispatch-server install`: the unit is one that systemd takes, and its command line starts a server. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runServer, temporaryFolder } from "../support/server.ts";

const analyzer = "/usr/bin/systemd-analyze";

let folder: string;
let units: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  units = join(folder, "units");
  await mkdir(units);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const install = (...flags: readonly string[]) =>
  runServer(["install", "--unit-dir", units, "--data-dir", join(folder, "my data"), ...flags]);

test("--dry-run says each step, shows the unit, and does nothing", async () => {
  const { code, stdout } = await install(
    "--dry-run",
    "--user",
    "dispatch",
    "--stop-grace",
    "7s",
    "--trusted-proxies=10.0.0.1",
  );
  expect(code).toBe(0);
  expect(stdout).toContain("- make the system user dispatch, unless it is there\n");
  expect(stdout).toMatch(/^ExecStart=\/.*\/bin\/dispatch-server --data-dir "\/.*\/my data" .*--stop-grace=7s/m);
  expect(stdout).toContain("--trusted-proxies=10.0.0.1");
  expect(stdout).toMatch(/^User=dispatch$/m);
  expect(stdout).toMatch(/^Restart=on-failure$/m);
  expect([existsSync(join(units, "dispatch.service")), existsSync(join(folder, "my data"))]).toEqual([false, false]);
});

test("mistakes are told: a secret on the command line, a user that is none", async () => {
  const secret = await install("--registry-auth", "c2VjcmV0");
  expect([secret.code, secret.stderr]).toEqual([1, expect.stringContaining("--registry-auth holds a secret")]);
  expect(secret.stderr).not.toContain("c2VjcmV0");
  const password = await install("--db", "postgres://me:hidden@db/x");
  expect([password.code, password.stderr]).toEqual([1, expect.stringContaining("--db holds a secret")]);
  const user = await install("--user", "Root; rm");
  expect([user.code, user.stderr]).toEqual([1, expect.stringContaining("expected the name of a user")]);
});

const noRoot = process.getuid?.() !== 0;
const systemd = existsSync("/run/systemd/system");
const skip = noRoot || systemd;
const why = noRoot ? "needs root" : "systemd runs here, and would start a service";

test.skipIf(skip)(
  `writes folder and unit, twice the same, and over another only by force${skip ? ` (SKIPPED: ${why})` : ""}`,
  async () => {
    const first = await install("--port", "0");
    expect([first.code, first.stderr]).toEqual([0, ""]);
    const path = join(units, "dispatch.service");
    expect(statSync(join(folder, "my data")).mode & 0o777).toBe(0o700);
    expect((await install("--port", "0")).code).toBe(0);
    await writeFile(path, "[Unit]\n# mine\n");
    const refused = await install("--port", "0");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("--force replaces it")]);
    expect(readFileSync(path, "utf8")).toContain("# mine");
    expect((await install("--port", "0", "--force")).code).toBe(0);
    if (existsSync(analyzer)) execFileSync(analyzer, ["verify", "--man=no", path], { stdio: "pipe" });
    expect(readFileSync(path, "utf8")).toContain("--port=0");
  },
);
