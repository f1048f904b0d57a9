/** Secrets on their way into runs, and the trace that each reading leaves (server.md 7, decisions 17). */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditRows, databaseContent } from "../support/database.ts";
import type { Dispatch } from "../support/dispatch.ts";
import { serverWith } from "../support/dispatch.ts";
import type { ServerProcess } from "../support/server.ts";
import { until } from "../support/until.ts";

const PASSWORD = "OpenSesame-71f3";

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"], { flags: ["--debug"] }));
  await dispatch.post("/v1/secret", { name: "first", secrets: { user: "ada", password: PASSWORD } });
  await dispatch.post("/v1/secret", { name: "second", secrets: { user: "bob" } });
  await dispatch.createFunction("reveals", { "f.js": "module.exports = ({ secrets }) => secrets;" });
  await dispatch.createFunction(
    "default",
    { "f.js": "module.exports = ({ secrets }) => secrets;" },
    { secrets: ["first"] },
  );
});

afterAll(() => server.dispose());

describe("a run gets the values of", () => {
  test("no secret unless one is named", async () => {
    expect(await dispatch.run("reveals")).toMatchObject({ output: {}, secrets: null });
  });

  test("the function's secrets", async () => {
    expect(await dispatch.run("default")).toMatchObject({
      output: { user: "ada", password: PASSWORD },
      secrets: ["first"],
    });
  });

  test("the function's and the run's, the later one winning", async () => {
    const run = await dispatch.run("default", null, { secrets: ["second"] });
    expect(run).toMatchObject({ output: { user: "bob", password: PASSWORD }, secrets: ["first", "second"] });
    const other = await dispatch.run("reveals", null, { secrets: ["second", "first"] });
    expect(other.output).toEqual({ user: "ada", password: PASSWORD });
  });

  test("names that arrive in one, parted by commas", async () => {
    const run = await dispatch.run("reveals", null, { secrets: ["first, second"] });
    expect(run).toMatchObject({ output: { user: "bob" }, secrets: ["first", "second"] });
  });

  test("a secret as it is at the time of the call", async () => {
    await dispatch.post("/v1/secret", { name: "moving", secrets: { v: "1" } });
    expect((await dispatch.run("reveals", null, { secrets: ["moving"] })).output).toEqual({ v: "1" });
    await dispatch.put("/v1/secret/moving", { name: "moving", secrets: { v: "2" } });
    expect((await dispatch.run("reveals", null, { secrets: ["moving"] })).output).toEqual({ v: "2" });
  });

  test("nothing when one is missing: the InputError names it", async () => {
    const message =
      "error when retrieving secrets from secret store: failed to get secrets from secret store: [Code: 404] secret nosuch not found";
    expect(await dispatch.run("reveals", null, { secrets: ["first", "nosuch"] })).toMatchObject({
      status: "ERROR",
      error: { type: "InputError", message, stacktrace: null },
      reason: [`error running function: reveals: ${message}`],
      secrets: ["first", "nosuch"],
    });
  });
});

describe("values are hidden", () => {
  test("in logs, messages, reasons and stack traces, line by line", async () => {
    const source = `module.exports = ({ secrets }) => {
      console.log("the password is " + secrets.password + "!");
      console.error(secrets.key);
      throw new Error("cannot log in with " + secrets.password);
    };`;
    await dispatch.post("/v1/secret", { name: "key", secrets: { key: "-----BEGIN-----\nline-two\n-----END-----" } });
    await dispatch.createFunction("leaks", { "f.js": source }, { secrets: ["first", "key"] });
    const run = await dispatch.run("leaks");
    expect(run.logs).toEqual({ stdout: ["the password is ***!"], stderr: ["***", "***", "***"] });
    expect(run.error?.message).toBe("cannot log in with ***");
    expect(run.reason).toEqual(["error running function: leaks: cannot log in with ***"]);
    expect(JSON.stringify(run)).not.toContain(PASSWORD);
    expect((await dispatch.get(`/v1/runs/${run.name}`)).text).not.toContain(PASSWORD);
  });
});

describe("values stay hidden", () => {
  test("of secrets as large as a bundle of certificates", async () => {
    const lines = Array.from({ length: 6000 }, (_, n) => `bundle-line-${n}`);
    await dispatch.post("/v1/secret", { name: "bundle", secrets: { bundle: lines.join("\n") } });
    const source = "module.exports = ({ secrets }) => { console.log('a', secrets.bundle.split('\\n')[5999], 'b'); };";
    await dispatch.createFunction("bundled", { "f.js": source }, { secrets: ["bundle"] });
    expect((await dispatch.run("bundled")).logs?.stdout).toEqual(["a *** b"]);
  });

  test("when they are escaped, after a rotation, in runs without the secret, and between runs", async () => {
    const source = `const seen = [];
    module.exports = ({ secrets }, later) => {
      if (secrets.token) seen.push(secrets.token);
      console.log(JSON.stringify({ seen }), encodeURIComponent(seen.join()));
      if (later) setTimeout(() => console.log("later: " + seen.join()), 50);
      return seen.length;
    };`;
    const values = ['first"value/1', "second value+2"];
    await dispatch.post("/v1/secret", { name: "token", secrets: { token: values[0] } });
    await dispatch.createFunction("remembers", { "f.js": source }, { limits: { concurrency: 1 } });
    await dispatch.run("remembers", null, { secrets: ["token"] });
    await dispatch.put("/v1/secret/token", { name: "token", secrets: { token: values[1] } });
    await dispatch.run("remembers", null, { secrets: ["token"] });
    const without = await dispatch.run("remembers", true);
    expect(without.output).toBe(2);
    expect(without.logs?.stdout).toEqual(['{"seen":["***","***"]} ***%2C***']);
    await until(
      "what it says later is in the log",
      async () => JSON.stringify(server.log).includes("later: ***") || undefined,
    );
  });

  test("in an error that is cut in the middle of one", async () => {
    const source = "module.exports = ({ secrets }) => { throw new Error('x'.repeat(16_375) + secrets.password); };";
    await dispatch.createFunction("cuts", { "f.js": source }, { secrets: ["first"] });
    expect((await dispatch.run("cuts")).error?.message).toMatch(/x\*\*\*$/);
  });
});

test("every reading is in the audit log, with those for whom it was, and nothing on disk or in the log holds a value", async () => {
  await dispatch.get("/v1/secret/first");
  await dispatch.get("/v1/secret");
  const used = await dispatch.run("default");
  const started = await dispatch.start("default");
  await dispatch.finished(started.name);
  const missing = await dispatch.run("reveals", null, { secrets: ["nosuch"] });
  await server.stop();
  expect(await readdir(server.dataDir)).not.toContain("dispatch.db-wal");
  const rows = auditRows(server.dataDir);
  const readings = (action: string, principal: string) =>
    rows.filter((row) => row.action === action && row.principal === principal).map(({ name }) => name);
  expect(readings("reveal", "administrator:administrator")).toContain("first");
  expect(readings("reveal", "administrator:administrator").length).toBeGreaterThan(3);
  expect(readings("use", `function:${used.name}`)).toEqual(["first"]);
  expect(readings("use", `function:${started.name}`)).toEqual(["first"]);
  expect(readings("use", `function:${missing.name}`)).toEqual([]);
  expect(rows.some(({ action, kind, name }) => action === "create" && kind === "Function" && name === "leaks")).toBe(
    true,
  );
  expect(rows.every(({ people, nonce }) => people !== null && nonce !== null)).toBe(true);
  expect(JSON.stringify(server.log)).not.toMatch(/OpenSesame|first.{0,2}value|second.{0,3}value/);
  for (const file of (await readdir(server.dataDir)).filter((name) => /^dispatch\.db|^master\.key/.test(name))) {
    const path = join(server.dataDir, file);
    expect((await stat(path)).mode & 0o777, file).toBe(0o600);
  }
  const database = await databaseContent(server.dataDir);
  expect(database.includes("first"), "the names of secrets are in the database").toBe(true);
  expect(database.includes("line-two"), "a value that no function returned is in clear in the database").toBe(false);
});
