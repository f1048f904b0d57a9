/** A run that cannot be recorded is not a success, at any way in (decisions 18d). */
import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Dispatch } from "../support/dispatch.ts";
import { errorOf, ORGANIZATION, serverWith } from "../support/dispatch.ts";
import { type Answer, send } from "../support/http.ts";
import type { ServerProcess } from "../support/server.ts";
import { until } from "../support/until.ts";

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"]));
  const slow = "module.exports = (c, ms) => new Promise((r) => setTimeout(() => r('done'), ms ?? 0));";
  await dispatch.createFunction("slow", { "f.js": slow });
  const fields = { function: "slow", enabled: true, methods: ["POST"], protocols: ["http"], authentication: "public" };
  await dispatch.post("/v1/api", { name: "slow", uris: ["/slow"], ...fields });
  await dispatch.run("slow");
});

afterAll(() => server.dispose());

/** No file of the server may grow beyond so many bytes: to the database that is a full disk. */
function limitFiles(bytes: number | "unlimited"): void {
  execFileSync("prlimit", ["--pid", String(server.pid), `--fsize=${bytes}:unlimited`]);
}

async function whileFull(call: () => Promise<Answer>): Promise<Answer> {
  limitFiles(1024);
  try {
    return await call();
  } finally {
    limitFiles("unlimited");
  }
}

const gateway = (body: string, headers: Record<string, string> = {}) =>
  send(`${server.gateway}/${ORGANIZATION}/slow`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
const runs = (body: object, headers: Record<string, string> = {}) =>
  dispatch.post("/v1/runs?functionName=slow", body, headers);

test.each<[string, () => Promise<Answer>]>([
  ["a blocking run", () => runs({ blocking: true })],
  ["a blocking run that lasts", () => runs({ blocking: true, input: 200 })],
  ["a run that nobody waits for", () => runs({ blocking: false })],
  ["a run under a key", () => runs({ blocking: true }, { "idempotency-key": "k" })],
  ["an endpoint", () => gateway("0")],
  ["an endpoint, for long", () => gateway("200")],
  ["an endpoint that answers at once", () => gateway("0", { "x-dispatch-blocking": "false" })],
])("%s: 500 with its id", async (_, call) => {
  const before = (await dispatch.runs()).length;
  const answer = await whileFull(call);
  expect([answer.status, errorOf(answer).message]).toEqual([
    500,
    expect.stringMatching(/^internal error when processing function run [0-9a-f-]{36}$/),
  ]);
  expect(await dispatch.runs()).toHaveLength(before);
});

test("a run whose beginning is on record gets its end there when there is room again, without a restart", async () => {
  const answer = await startedThenFull();
  expect(answer.status).toBe(500);
  const [, id = ""] = /function run (\S+)$/.exec(errorOf(answer).message) ?? [];
  expect(await dispatch.finished(id)).toMatchObject({ status: "READY", output: "done" });
});

/** The disk is full when the run ends, not when it begins. */
async function startedThenFull(): Promise<Answer> {
  const going = runs({ blocking: true, input: 1500 }, { "idempotency-key": "begun" });
  await until("it goes on", async () =>
    (await dispatch.runs()).some(({ status }) => status === "CREATING") ? true : undefined,
  );
  return whileFull(() => going);
}

test("with room again, all is as before", async () => {
  expect((await dispatch.run("slow")).output).toBe("done");
});
