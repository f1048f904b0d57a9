/** The same Idempotency-Key means the same run (decisions 18c). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Dispatch, errorOf, ORGANIZATION, parse, type RunObject, serverWith } from "../support/dispatch.ts";
import { send } from "../support/http.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

let server: ServerProcess;
let dispatch: Dispatch;

const random =
  "module.exports = async (c, ms) => { await new Promise((r) => setTimeout(r, ms ?? 0)); return Math.random(); };";

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"]));
  await dispatch.createFunction("random", { "f.js": random });
  await dispatch.createFunction("other", { "f.js": random });
});

afterAll(() => server.dispose());

async function runWithKey(name: string, key: string, body: object): Promise<RunObject> {
  const answer = await dispatch.post(`/v1/runs?functionName=${name}`, body, { "idempotency-key": key });
  expect([200, 202]).toContain(answer.status);
  return parse<RunObject>(answer);
}

test.each([0, 200])(
  "duplicates of a blocking run at the same time share one run of %i ms and its answer",
  async (ms) => {
    const calls = Array.from({ length: 12 }, () =>
      runWithKey("random", `blocking-${ms}`, { blocking: true, input: ms }),
    );
    const runs = await Promise.all(calls);
    expect(new Set(runs.map(({ name }) => name)).size).toBe(1);
    expect(new Set(runs.map(({ output }) => output)).size).toBe(1);
    expect(await runWithKey("random", `blocking-${ms}`, { blocking: true, input: ms })).toEqual(runs[0]);
  },
);

test("duplicates of a run that is not waited for are one run, too", async () => {
  const calls = Array.from({ length: 12 }, () => runWithKey("random", "loose", { input: 5 }));
  const names = new Set((await Promise.all(calls)).map(({ name }) => name));
  expect(names.size).toBe(1);
  const [name = ""] = names;
  const run = await dispatch.finished(name);
  expect((await runWithKey("random", "loose", { input: 5 })).output).toBe(run.output);
});

test("another key, another function and no key are other runs; the function sees its key", async () => {
  const first = await runWithKey("random", "a", { blocking: true });
  const names = [
    first,
    await runWithKey("random", "b", { blocking: true }),
    await runWithKey("other", "a", { blocking: true }),
    await dispatch.run("random"),
  ].map(({ name }) => name);
  expect(new Set(names).size).toBe(4);
  await dispatch.createFunction("key", { "f.js": "module.exports = ({ run }) => run;" });
  const seen = await runWithKey("key", "my key", { blocking: true });
  expect(seen.output).toMatchObject({ id: seen.name, attempt: 1, idempotencyKey: "my key" });
});

test("a failed run is answered again as well", async () => {
  await dispatch.createFunction("fails", { "f.js": "module.exports = () => { throw Error(Math.random()); };" });
  const first = await runWithKey("fails", "k", { blocking: true });
  expect(first.status).toBe("ERROR");
  expect(await runWithKey("fails", "k", { blocking: true })).toEqual(first);
});

test("a key that is too long is refused", async () => {
  const answer = await dispatch.post("/v1/runs?functionName=random", {}, { "idempotency-key": "k".repeat(256) });
  expect([answer.status, answer.text]).toEqual([
    422,
    '{"code":603,"message":"Idempotency-Key in header should be at most 255 chars long"}',
  ]);
});

test("the same key with another input is refused", async () => {
  await runWithKey("random", "other-input", { blocking: true, input: 1 });
  const key = { "idempotency-key": "other-input" };
  const answer = await dispatch.post("/v1/runs?functionName=random", { blocking: true, input: 2 }, key);
  expect([answer.status, errorOf(answer).message]).toEqual([
    422,
    expect.stringMatching(/^the Idempotency-Key was used before/),
  ]);
});

describe("at endpoints", () => {
  beforeAll(async () => {
    const fields = {
      function: "random",
      enabled: true,
      methods: ["POST"],
      protocols: ["http"],
      authentication: "public",
    };
    for (const name of ["one", "two"]) await dispatch.post("/v1/api", { name, uris: [`/${name}`], ...fields });
  });

  const call = (path: string, key: string, body = "1", headers: Record<string, string> = {}) =>
    send(`${server.gateway}/${ORGANIZATION}/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": key, ...headers },
      body,
    });

  test("the same key is the same run, and another input is refused", async () => {
    const first = await call("one", "k");
    expect((await call("one", "k")).text).toBe(first.text);
    const others = [
      call("one", "k", "2"),
      call("one?a=1", "k"),
      call("one", "k", "1", { authorization: "Basic eDp5" }),
    ];
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual([422, 422, 422]);
    expect((await call("one", "k", "1", { cookie: "a=b" })).status).toBe(422);
  });

  test("a stranger's key is no key of another endpoint, and none of the API's", async () => {
    const known = await runWithKey("random", "shared", { blocking: true, input: 1 });
    const texts = [String(known.output), (await call("one", "shared")).text, (await call("two", "shared")).text];
    expect(new Set(texts.map((text) => text.trim())).size).toBe(3);
  });

  test("strangers are told apart by their address", async () => {
    const from = (address: string) => call("one", "address", "1", { "x-forwarded-for": address });
    const [one, other, again] = [await from("192.0.2.1"), await from("192.0.2.2"), await from("192.0.2.1")];
    expect([one.text === other.text, one.text === again.text]).toEqual([false, true]);
  });

  test("a key that is too long is refused", async () => {
    expect((await call("one", "k".repeat(256))).status).toBe(422);
  });
});

test("a run that found no room leaves no record, and its key is free", async () => {
  const full = await serverWith(["nodejs"], { flags: ["--max-wait", "500ms"] });
  await full.dispatch.createFunction("random", { "f.js": random }, { limits: { concurrency: 1 } });
  const long = full.dispatch.run("random", 3000);
  await until(
    "it runs",
    async () => (await full.dispatch.runs()).some(({ status }) => status === "CREATING") || undefined,
  );
  const body = { blocking: true, input: 0 };
  const keyed = () => full.dispatch.post("/v1/runs?functionName=random", body, { "idempotency-key": "late" });
  const refused = await keyed();
  expect([refused.status, Number(refused.headers["retry-after"]) > 0]).toEqual([429, true]);
  expect(await full.dispatch.runs()).toHaveLength(1);
  await long;
  expect((await keyed()).status).toBe(200);
  await full.server.dispose();
});

test("keys hold over a restart", async () => {
  const before = await runWithKey("random", "durable", { blocking: true });
  await server.stop();
  server = await startServer({ dataDir: server.dataDir });
  dispatch = new Dispatch(server.api);
  expect(await runWithKey("random", "durable", { blocking: true })).toEqual(before);
});
