/** Runs that nobody waits for are tried again where their function says so, and no full disk loses what they did. */
import { execFileSync } from "node:child_process";
import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Dispatch, parse, serverWith } from "../support/dispatch.ts";
import type { ServerProcess } from "../support/server.ts";
import { isPostgres, sqliteOnly } from "../support/server-database.ts";
import { until } from "../support/until.ts";

const PORT = 47_113;
let server: ServerProcess;
let dispatch: Dispatch;

/** Fails while nobody listens. */
const calls = `const net = require("node:net");
module.exports = ({ run }) => new Promise((resolve, reject) => {
  const socket = net.connect(${PORT}, "127.0.0.1");
  socket.on("data", () => resolve({ attempt: run.attempt }));
  socket.on("error", reject).on("close", () => reject(new Error("nobody answers")));
});`;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"], { flags: ["--allow-host-service", `127.0.0.1:${PORT}`] }));
  await dispatch.createFunction("patient", { "f.js": calls }, { retries: 5, retryFunctionErrors: true });
  await dispatch.createFunction("proud", { "f.js": calls }, { retries: 5 });
  await dispatch.createFunction(
    "stubborn",
    { "f.js": "module.exports = () => { throw new Error('no'); };" },
    { retries: 1, retryFunctionErrors: true },
  );
  await dispatch.createFunction("slow", {
    "f.js": "module.exports = (_, ms) => new Promise((r) => setTimeout(r, ms, 'done'));",
  });
});

afterAll(() => server.dispose());

async function listen(): Promise<Server> {
  const listener = createServer((socket) => socket.end("here"));
  await new Promise<void>((resolve) => listener.listen(PORT, "127.0.0.1", resolve));
  return listener;
}

test("an obstacle that passes does not end a run with retries, and the wait is told", async () => {
  const { name } = await dispatch.start("patient");
  const waiting = await until("its first attempt failed", async () => {
    const run = await dispatch.getRun(name);
    return run.reason === null ? undefined : run;
  });
  expect([waiting.status, waiting.reason?.[0]]).toEqual([
    "INITIALIZED",
    expect.stringMatching(/^attempt 1 of 6 failed: (nobody answers|.*ECONN)/),
  ]);
  const listener = await listen();
  try {
    const run = await dispatch.finished(name);
    expect(run).toMatchObject({ status: "READY", reason: null });
    expect((run.output as { attempt: number }).attempt).toBeGreaterThan(1);
  } finally {
    listener.close();
  }
});

test("the function's own errors are no reason unless it says so, and the last attempt says that it was the last", async () => {
  const { name } = await dispatch.start("proud");
  expect(await dispatch.finished(name)).toMatchObject({ status: "ERROR", error: { type: "FunctionError" } });
  const stubborn = await dispatch.finished((await dispatch.start("stubborn")).name);
  expect(stubborn.reason).toEqual(["error running function: stubborn: no", "given up after 2 attempts"]);
  await until("no work is left", async () =>
    (parse<{ work: { jobs: { run?: number } } }>(await dispatch.raw("/healthz")).work.jobs.run ?? 0) === 0
      ? true
      : undefined,
  );
});

test.skipIf(isPostgres)(
  `what a run did while the disk was full is on record when there is room again, once${sqliteOnly}`,
  async () => {
    const { name } = await dispatch.start("slow", 300);
    await until("it goes on", async () => ((await dispatch.getRun(name)).status === "CREATING" ? true : undefined));
    limitFiles(1024);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect((await dispatch.getRun(name)).finishedTime).toBeUndefined();
    limitFiles("unlimited");
    expect(await dispatch.finished(name)).toMatchObject({ status: "READY", output: "done" });
  },
);

/** No file of the server may grow beyond so many bytes: to the database that is a full disk. */
function limitFiles(bytes: number | "unlimited"): void {
  execFileSync("prlimit", ["--pid", String(server.pid), `--fsize=${bytes}:unlimited`]);
}
