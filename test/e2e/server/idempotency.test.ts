/** The same Idempotency-Key means the same run (decisions 18c). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Dispatch, parse, type RunObject, serverWith } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";

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

test("keys hold over a restart", async () => {
  const before = await runWithKey("random", "durable", { blocking: true });
  await server.stop();
  server = await startServer({ dataDir: server.dataDir });
  dispatch = new Dispatch(server.api);
  expect(await runWithKey("random", "durable", { blocking: true })).toEqual(before);
});
