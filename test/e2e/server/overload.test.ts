/** More calls than there is room for (design: refuse at the door, with a time after which to come again). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Dispatch, errorOf, functionBody, parse, type RunObject, serverWith } from "../support/dispatch.ts";
import type { Answer } from "../support/http.ts";
import { type ServerProcess, startServer } from "../support/server.ts";

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"], {
    flags: ["--max-queue", "3", "--max-function-memory", "512"],
  }));
  const slow = "module.exports = (c, ms) => new Promise((resolve) => setTimeout(resolve, ms, 'done'));";
  await dispatch.createFunction("narrow", { "f.js": slow }, { limits: { concurrency: 1 } });
  await dispatch.createFunction("free", { "f.js": "module.exports = () => 1;" });
});

afterAll(() => server.dispose());

const call = (blocking: boolean) => dispatch.post("/v1/runs?functionName=narrow", { blocking, input: 150 });

function expectOverload(answers: readonly Answer[]): void {
  const refused = answers.filter(({ status }) => status === 429);
  expect(refused.length).toBeGreaterThan(0);
  for (const answer of refused) {
    expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
    expect(errorOf(answer)).toMatchObject({
      code: 429,
      message: expect.stringMatching(/^function narrow is overloaded: /),
    });
  }
}

test("blocking calls past the queue are 429 with Retry-After; the others are answered, and other functions go on", async () => {
  const calls = Array.from({ length: 12 }, () => call(true));
  expect((await dispatch.run("free")).status).toBe("READY");
  const answers = await Promise.all(calls);
  expectOverload(answers);
  const answered = answers.filter(({ status }) => status === 200);
  expect(answered.length).toBeGreaterThanOrEqual(4);
  expect(answered.every((answer) => parse<RunObject>(answer).output === "done")).toBe(true);
});

test("runs that are not waited for are refused at the door, and what was accepted is run", async () => {
  const answers: Answer[] = [];
  for (let turn = 0; turn < 12; turn++) answers.push(await call(false));
  expectOverload(answers);
  const accepted = answers.filter(({ status }) => status === 202).map((answer) => parse<RunObject>(answer).name);
  for (const id of accepted) expect((await dispatch.finished(id)).output).toBe("done");
  const all = await dispatch.runs("?functionName=narrow&status=ERROR");
  expect(all).toEqual([]);
});

test("a function that asks for more than the operator's ceiling is refused, by field and setting", async () => {
  const body = functionBody("greedy", { "f.js": "module.exports = () => 1;" }, { limits: { memory: 513 } });
  const answer = await dispatch.post("/v1/function", body);
  expect([answer.status, errorOf(answer)]).toEqual([
    422,
    { code: 608, message: "limits.memory in body should be less than or equal to 512 (setting max-function-memory)" },
  ]);
  expect((await dispatch.get("/v1/function/greedy")).status).toBe(404);
});

test("a ceiling that the operator lowers holds for functions that serve already, from the next start on", async () => {
  const { server: before, dispatch: first } = await serverWith(["nodejs"]);
  const slow = "module.exports = () => new Promise((resolve) => setTimeout(resolve, 3000, 'slept'));";
  await first.createFunction("slow", { "f.js": slow });
  expect((await first.run("slow")).output).toBe("slept");
  await before.stop();
  const after = await startServer({ dataDir: before.dataDir, flags: ["--max-function-timeout", "1s"] });
  const run = await new Dispatch(after.api).run("slow");
  await after.dispose();
  expect(run).toMatchObject({ status: "ERROR", error: { message: "Function execution exceeded the timeout" } });
});
