/** kill -9 at any moment: nothing that was acknowledged is lost, nothing hangs, nothing runs twice (decisions 18b). */

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Dispatch, functionBody, parse, type RunObject } from "../support/dispatch.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server.ts";
import { until } from "../support/until.ts";

const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 12);
const INTERRUPTED = "interrupted by a restart";

/** Every time that a handler was entered, by run. */
const entered = new Map<string, number>();
const counter = createServer((request, response) => {
  const id = request.url?.slice(1) ?? "";
  entered.set(id, (entered.get(id) ?? 0) + 1);
  response.end();
});

const counts = `const http = require("node:http");
module.exports = ({ run }, { port, ms }) => new Promise((resolve, reject) => {
  http.get({ port, path: "/" + run.id, agent: false }, (response) => {
    response.resume().on("end", () => setTimeout(resolve, ms, { id: run.id, attempt: run.attempt }));
  }).on("error", reject);
});`;

let dataDir: string;
let port: number;
let server: ServerProcess;
let dispatch: Dispatch;

/** What the server has acknowledged. */
const answered = new Map<string, RunObject>();
const accepted = new Set<string>();
const created = new Set<string>();

beforeAll(async () => {
  await new Promise<void>((resolve) => counter.listen(0, "127.0.0.1", resolve));
  port = (counter.address() as AddressInfo).port;
  dataDir = await temporaryFolder();
  await start();
  await dispatch.createImage("nodejs");
  await dispatch.createFunction("counts", { "f.js": counts });
  await dispatch.createFunction("retried", { "f.js": counts }, { retries: 2 });
  await dispatch.createFunction("changing", version(0));
});

afterAll(async () => {
  await server.dispose();
  counter.close();
});

async function start(): Promise<void> {
  server = await startServer({ dataDir, flags: ["--allow-host-service", `127.0.0.1:${port}`] });
  dispatch = new Dispatch(server.api);
}

const version = (number: number) => ({ "f.js": `module.exports = () => ${number};` });

/** Repeats a call until the server is gone. */
async function whileItLives(call: (turn: number) => Promise<void>): Promise<void> {
  try {
    for (let turn = 0; ; turn++) await call(turn);
  } catch {
    // The connection broke: what this call asked for was not acknowledged.
  }
}

function traffic(round: number): Promise<void>[] {
  const input = (turn: number) => ({ port, ms: [0, 5, 80][turn % 3] });
  const blocking = async (turn: number): Promise<void> => {
    const run = await dispatch.run("counts", input(turn));
    answered.set(run.name, run);
  };
  const loose = async (name: string, turn: number): Promise<void> => {
    accepted.add((await dispatch.start(name, input(turn))).name);
  };
  const creation = async (turn: number): Promise<void> => {
    const name = `made-${round}-${turn}`;
    const answer = await dispatch.post("/v1/function", functionBody(name, version(turn)));
    if (answer.status === 201) created.add(name);
    await dispatch.built(name);
  };
  const update = async (turn: number): Promise<void> => {
    await dispatch.put("/v1/function/changing", functionBody("changing", version(turn)));
    expect((await dispatch.run("changing")).error?.type).not.toBe("FunctionError");
  };
  return [
    ...[1, 2].map(() => whileItLives(blocking)),
    whileItLives((turn) => loose("counts", turn)),
    whileItLives((turn) => loose("retried", turn)),
    whileItLives(creation),
    whileItLives(update),
  ];
}

/** In most rounds the blow falls while calls go through, in the others at any time of the start. */
async function untilBusy(): Promise<void> {
  const before = [answered.size, accepted.size];
  await until("calls go through", () =>
    answered.size > (before[0] ?? 0) && accepted.size > (before[1] ?? 0) ? true : undefined,
  );
}

test(`${ROUNDS} times killed in the middle of everything`, { timeout: ROUNDS * 15_000 }, async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const calls = traffic(round);
    if (round % 3 !== 0) await untilBusy();
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 250));
    await server.kill();
    await Promise.all(calls);
    await start();
  }
  expect(answered.size).toBeGreaterThanOrEqual(ROUNDS / 2);
  expect(accepted.size).toBeGreaterThanOrEqual(ROUNDS / 2);
});

test("every answer that was given is in the store as it was given", async () => {
  for (const [id, run] of answered) expect(await dispatch.getRun(id)).toEqual(run);
});

test("every accepted run ends, as it should or as interrupted", { timeout: 120_000 }, async () => {
  for (const id of accepted) {
    const run = await dispatch.finished(id);
    if (run.status !== "READY") expect([id, run.status, run.error]).toEqual([id, "ERROR", interrupted]);
    else expect(run.output).toMatchObject({ id });
  }
});

const interrupted = { type: "SystemError", message: INTERRUPTED, stacktrace: null };

test("no run is left without an end", async () => {
  const runs = await until("all have ended", async () => {
    const all = await dispatch.runs();
    return all.every(({ finishedTime }) => finishedTime !== undefined) ? all : undefined;
  });
  const unexpected = runs.filter(({ status, error }) => status !== "READY" && error?.message !== INTERRUPTED);
  expect(unexpected).toEqual([]);
});

test("nothing ran twice but what declares retries, and that at most so often", async () => {
  const runs = new Map((await dispatch.runs()).map((run) => [run.name, run.functionName]));
  for (const [id, times] of entered) {
    expect([id, times]).toEqual([id, expect.toSatisfy((seen: number) => seen <= (runs.get(id) === "retried" ? 3 : 1))]);
  }
});

test("every function that was accepted is there and READY, and answers", { timeout: 120_000 }, async () => {
  const names = new Set(parse<{ name: string }[]>(await dispatch.get("/v1/function")).map(({ name }) => name));
  for (const name of created) {
    expect(names.has(name), name).toBe(true);
    expect([name, (await dispatch.built(name)).status]).toEqual([name, "READY"]);
  }
  for (const name of [...created].slice(-3)) expect((await dispatch.run(name)).status).toBe("READY");
  expect((await dispatch.built("changing")).status).toBe("READY");
});
