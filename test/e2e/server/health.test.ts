/** What monitoring asks (server.md 1.7). */
import { afterAll, beforeAll, expect, test } from "vitest";
import { endDatabaseThread, mortalThread, startIsOver } from "../support/database-thread.ts";
import { Dispatch, parse, serverWith } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { isPostgres, sqliteOnly } from "../support/server-database.ts";
import { until } from "../support/until.ts";

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"]));
});

afterAll(() => server.dispose());

test.each([
  ["GET", "/healthz"],
  ["GET", "/healthz/"],
  ["GET", "/healthz/a/b"],
  ["GET", "/healthzzz?x=1"],
  ["POST", "/healthz"],
  ["PUT", "/healthz/x"],
  ["DELETE", "/healthz"],
  ["OPTIONS", "/healthz"],
  ["PATCH", "/healthz"],
])("%s %s is 200 with the version, without any header", async (method, path) => {
  const answer = await dispatch.raw(path, { method });
  expect([answer.status, answer.headers["content-type"]]).toEqual([200, "application/json"]);
  const { version } = parse<{ version: Record<string, string> }>(answer);
  expect(Object.keys(version)).toEqual(expect.arrayContaining(["version", "commit", "buildDate", "platform"]));
});

test("a HEAD request is answered as well", async () => {
  expect((await dispatch.raw("/healthz", { method: "HEAD" })).status).toBe(200);
});

test("the gateway has no health of its own: the path is free for endpoints", async () => {
  expect((await new Dispatch(server.gateway).raw("/healthz")).status).toBe(404);
});

test("it says whether functions can run here, and which limits are in force", async () => {
  const functions = await until("the check is done", async () => {
    const { functions: state } = parse<{ functions: { ready?: boolean; limits?: object } }>(
      await dispatch.raw("/healthz"),
    );
    return state.ready === undefined ? undefined : state;
  });
  expect(functions).toMatchObject({ ready: true, problems: [] });
  expect(Object.keys(functions.limits ?? {})).toEqual(expect.arrayContaining(["memory"]));
});

test("it says how the database, the disk and the work are; so do the metrics", async () => {
  const health = parse<object>(await dispatch.raw("/healthz"));
  expect(health).toMatchObject({
    database: { ready: true },
    disk: { freeBytes: expect.any(Number) },
    work: { jobs: {}, waiting: 0, deadLetters: 0 },
  });
  const schema = { in: { type: "object" } };
  await dispatch.createFunction("strict", { "f.js": "module.exports = () => 1;" }, { schema });
  await dispatch.post("/v1/event/subscriptions", { name: "lost", eventType: "vm.lost", function: "strict" });
  await dispatch.post("/v1/event", { cloudEventsVersion: "0.1", eventType: "vm.lost", source: "test", eventID: "1" });
  await until("the dead letter is counted", async () =>
    (await dispatch.raw("/metrics")).text.includes("dispatch_dead_letters 1") ? true : undefined,
  );
  expect((await dispatch.raw("/metrics")).text).toMatch(/^dispatch_database_ready 1$/m);
});

test.skipIf(isPostgres)(
  `a database thread that dies ends the server, with an exit code for whoever starts it again${sqliteOnly}`,
  async () => {
    const own = await startServer({ environment: mortalThread });
    await startIsOver(own);
    const seen: string[] = [];
    endDatabaseThread(own);
    const asking = (async () => {
      for (;;) seen.push((await new Dispatch(own.api).raw("/healthz")).text);
    })().catch(() => {});
    expect(await own.ended).toMatchObject({ code: 70 });
    await asking;
    expect(seen.join("\n")).toContain("the database is lost: the database thread has ended");
    const again = await startServer({ dataDir: own.dataDir });
    expect((await new Dispatch(again.api).raw("/healthz")).status).toBe(200);
    await again.dispose();
  },
);

test("metrics count runs by function and outcome", async () => {
  await dispatch.createFunction("counted", { "f.js": "module.exports = (c, p) => { if (p) throw Error(p); };" });
  await dispatch.run("counted");
  await dispatch.run("counted", "no");
  const answer = await dispatch.raw("/metrics");
  expect(answer.headers["content-type"]).toMatch(/^text\/plain/);
  const count = (status: string, error: string) =>
    `dispatch_runs_total{organization="dispatch-server",function="counted",status="${status}",error="${error}"} 1`;
  expect(answer.text).toContain(count("READY", ""));
  expect(answer.text).toContain(count("ERROR", "FunctionError"));
  expect(answer.text).toMatch(/dispatch_function_workers\{[^}]*function="counted"\} 1/);
});
