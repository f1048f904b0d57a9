import { afterAll, beforeAll, expect, test } from "vitest";
import { Dispatch, type RunObject } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  server = await startServer();
  dispatch = new Dispatch(server.api);
  await dispatch.createImage("nodejs");
});
afterAll(() => server.dispose());

const remembering = {
  "f.js": `let seen = 0; module.exports = (context, who) => {
    setTimeout(() => console.log("late for", who), 50);
    return { who, before: seen++ };
  };`,
};

test("isolation: run gives each run a worker that has seen no other", async () => {
  const created = await dispatch.createFunction("fresh", remembering, { image: "nodejs", isolation: "run" });
  expect(created).toMatchObject({ status: "READY", isolation: "run" });
  for (const who of ["Ada", "Bob", "Eve"]) {
    expect((await dispatch.run("fresh", who)).output).toEqual({ who, before: 0 });
  }
  const all = await Promise.all(Array.from({ length: 8 }, (_, who) => dispatch.run("fresh", who)));
  expect(all.map(({ output }) => output)).toEqual(Array.from({ length: 8 }, (_, who) => ({ who, before: 0 })));
});

test("without it a worker serves one run after the other, and late output is told by function and run", async () => {
  await dispatch.createFunction("kept", remembering, { image: "nodejs" });
  const first = await dispatch.run("kept", "Kim");
  expect((await dispatch.run("kept", "Bob")).output).toEqual({ who: "Bob", before: 1 });
  const line = await until("the late line is told", async () =>
    server.log.find((one) => (one as unknown as { line?: string }).line === "late for Kim"),
  );
  await until("the late line is kept with its run", async () => {
    const { logs } = JSON.parse((await dispatch.get(`/v1/runs/${first.name}?functionName=kept`)).text) as RunObject;
    return logs?.stdout?.includes("late for Kim") === true ? logs : undefined;
  });
  expect(line).toMatchObject({ function: "kept", run: first.name, msg: "output after the end of a run" });
});

test("another word is refused", async () => {
  const body = { name: "odd", image: "nodejs", isolation: "thread", source: "aGk=" };
  expect((await dispatch.post("/v1/function", body)).status).toBe(422);
});
