/** Functions that call functions on a server with few workers. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Dispatch, serverWith } from "../support/dispatch.ts";
import type { ServerProcess } from "../support/server.ts";

let server: ServerProcess;
let dispatch: Dispatch;

/** Calls the functions that its payload names, each from the one before, and says how deep it got or why not. */
const link = `module.exports = async ({ dispatch }, [next, ...rest]) => {
  if (next === undefined) return "end";
  const answer = await fetch(dispatch.url + "/v1/runs?functionName=" + next, {
    method: "POST",
    headers: { authorization: "Bearer " + dispatch.token, "x-dispatch-org": dispatch.organization, "content-type": "application/json" },
    body: JSON.stringify({ blocking: true, input: rest }),
  });
  const { output, message } = await answer.json();
  return answer.status === 200 ? output : message;
};`;

const names = ["first", "second", "third", "fourth", "fifth"];

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"], { flags: ["--max-workers", "4", "--warm-workers", "0"] }));
  for (const name of names) await dispatch.createFunction(name, { "f.js": link }, { limits: { concurrency: 8 } });
});

afterAll(() => server.dispose());

test("50 calls at once of a function that calls one that calls another all succeed on 4 workers", async () => {
  const calls = Array.from({ length: 50 }, () => dispatch.run("first", ["second", "third"]));
  const outputs = (await Promise.all(calls)).map(({ output }) => output);
  expect(outputs).toEqual(Array.from({ length: 50 }, () => "end"));
});

test("a chain of more calls than there are workers is refused at once, with a sentence", async () => {
  const since = performance.now();
  const { output } = await dispatch.run("first", ["second", "third", "fourth", "fifth"]);
  expect(output).toMatch(/^function fifth cannot be called here: .* 5 workers at once, and this server has 4/);
  expect(performance.now() - since).toBeLessThan(60_000);
});
