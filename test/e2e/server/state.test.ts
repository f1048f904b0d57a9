/** What applications keep: by REST, by the command line, and by functions through their door. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../support/command-line.ts";
import { type Dispatch, parse, serverWith } from "../support/dispatch.ts";
import type { ServerProcess } from "../support/server.ts";

let server: ServerProcess;
let dispatch: Dispatch;

interface Entry {
  readonly key: string;
  readonly version: number;
  readonly size: number;
  readonly value?: unknown;
}

/** Adds one to a number under a key, in its own application or the one that its input names, however often it loses. */
const counting = `module.exports = async ({ dispatch }, { application = dispatch.application, key }) => {
  const url = dispatch.url + "/v1/state/" + application + "/" + encodeURIComponent(key);
  const headers = { authorization: "Bearer " + dispatch.token, "x-dispatch-org": dispatch.organization, "content-type": "application/json" };
  for (;;) {
    const found = await fetch(url, { headers });
    if (found.status !== 200 && found.status !== 404) return { status: found.status, ...(await found.json()) };
    const { value = 0, version = 0 } = found.status === 200 ? await found.json() : {};
    const put = await fetch(url, { method: "PUT", headers, body: JSON.stringify({ value: value + 1, version }) });
    if (put.status !== 409) return { status: put.status, application };
  }
};`;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"]));
  const tags = [{ key: "Application", value: "ledger" }];
  await dispatch.createFunction("counting", { "f.js": counting }, { tags });
  await dispatch.createFunction("alone", { "f.js": counting });
});

afterAll(() => server.dispose());

const put = (key: string, value: unknown, version?: number) =>
  dispatch.put(`/v1/state/app/${encodeURIComponent(key)}`, { value, version });

const entry = async (key: string): Promise<Entry> =>
  parse(await dispatch.get(`/v1/state/app/${encodeURIComponent(key)}`));

describe("a value", () => {
  test("comes back as it was sent, until it is replaced or deleted", async () => {
    const value = { id: "vm/1", big: 9007199254740993n.toString(), list: [1, null, "ä😀"] };
    const written = parse<Entry>(await put("vm/vmtest 01", value));
    expect(await entry("vm/vmtest 01")).toMatchObject({ value, version: written.version });
    expect(parse<Entry>(await put("vm/vmtest 01", 2)).version).toBeGreaterThan(written.version);
    expect(await entry("vm/vmtest 01")).toMatchObject({ value: 2, size: 1 });
    expect((await dispatch.delete("/v1/state/app/vm%2Fvmtest%2001")).status).toBe(204);
    expect((await dispatch.get("/v1/state/app/vm%2Fvmtest%2001")).status).toBe(404);
    expect((await dispatch.delete("/v1/state/app/vm%2Fvmtest%2001")).status).toBe(404);
  });

  test("is replaced by whoever knows its version, and by one of many at once", async () => {
    const { version } = parse<Entry>(await put("lock", "free", 0));
    expect((await put("lock", "again", 0)).status).toBe(409);
    const answers = await Promise.all(["a", "b", "c", "d"].map((owner) => put("lock", owner, version)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409]);
    expect((await dispatch.delete(`/v1/state/app/lock?version=${version}`)).status).toBe(409);
    const again = await entry("lock");
    expect((await dispatch.delete(`/v1/state/app/lock?version=${again.version}`)).status).toBe(204);
    expect(parse<Entry>(await put("lock", "anew", 0)).version).toBeGreaterThan(version);
  });

  test("has 256 KB at most, and a key that is one", async () => {
    expect((await put("large", "x".repeat(256 * 1024 - 2))).status).toBe(200);
    const refused = await put("larger", "x".repeat(256 * 1024 - 1));
    expect(refused.status).toBe(413);
    expect(refused.text).toMatch(/the value of larger has 262145 bytes, and a value may have 262144/);
    for (const key of ["%00", "a%0Ab", "a".repeat(257)]) {
      expect((await dispatch.put(`/v1/state/app/${key}`, { value: 1 })).status, key).toBe(422);
      expect((await dispatch.get(`/v1/state/app/${key}`)).status, key).toBe(422);
    }
    expect((await dispatch.put("/v1/state/app/none", {})).status).toBe(422);
  });

  test("is found by the beginning of its key, page by page", async () => {
    const keys = ["p/1", "p/2", "p/3", "p/4", "q/1"];
    for (const key of keys) await put(key, key);
    const first = await dispatch.get("/v1/state/app?prefix=p%2F&limit=3");
    expect(parse<Entry[]>(first).map(({ key }) => key)).toEqual(["p/1", "p/2", "p/3"]);
    const cursor = encodeURIComponent(String(first.headers["x-dispatch-next-cursor"]));
    const second = await dispatch.get(`/v1/state/app?prefix=p%2F&limit=3&cursor=${cursor}`);
    expect(parse<Entry[]>(second).map(({ key }) => key)).toEqual(["p/4"]);
    expect(parse<unknown[]>(await dispatch.get("/v1/state"))).toContainEqual(
      expect.objectContaining({ application: "app" }),
    );
  });

  test("of another organization is not there", async () => {
    await put("mine", 1);
    const headers = { ...dispatch.headers, "x-dispatch-org": "other" };
    expect((await dispatch.raw("/v1/state/app/mine", { headers })).status).toBe(404);
    expect(parse<unknown[]>(await dispatch.raw("/v1/state", { headers }))).toEqual([]);
  });
});

describe("a function", () => {
  test("keeps numbers of its application, exact under many runs at once", async () => {
    const runs = await Promise.all(Array.from({ length: 12 }, () => dispatch.run("counting", { key: "vms" })));
    expect(runs.map(({ output }) => output)).toEqual(runs.map(() => ({ status: 200, application: "ledger" })));
    expect(parse<Entry>(await dispatch.get("/v1/state/ledger/vms")).value).toBe(12);
  });

  test("without an application has its own, and nobody else's", async () => {
    expect((await dispatch.run("alone", { key: "n" })).output).toEqual({ status: 200, application: "alone" });
    expect((await dispatch.run("alone", { key: "vms", application: "ledger" })).output).toMatchObject({
      status: 403,
      message: "the run belongs to application alone and may not get the state of ledger",
    });
  });
});

test("the command line shows it", async () => {
  await put("shown/a", { id: 7 });
  const environment = { DISPATCH_PORT: new URL(server.api).port };
  const words = ["get", "state", "app", "--prefix", "shown/"];
  const listed = await runCommand(words, { cwd: server.dataDir, environment });
  expect(listed.stdout).toMatch(/shown\/a/);
  const value = await runCommand(["get", "state", "app", "shown/a"], { cwd: server.dataDir, environment });
  expect(JSON.parse(value.stdout)).toEqual({ id: 7 });
  const applications = await runCommand(["get", "state", "-o", "name"], { cwd: server.dataDir, environment });
  expect(applications.stdout.split("\n")).toContain("app");
});
