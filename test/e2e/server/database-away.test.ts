/** A PostgreSQL that goes away under a running server, and comes back. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { NO_POSTGRES, PostgresServer, postgresPrograms } from "../../support/postgres.ts";
import { type Dispatch, errorOf, parse, serverWith } from "../support/dispatch.ts";
import type { ServerProcess } from "../support/server.ts";
import { until } from "../support/until.ts";

const programs = postgresPrograms();
if (programs === undefined) test.skip(`a PostgreSQL that is away: ${NO_POSTGRES}`, () => {});
else withPostgres(new PostgresServer(programs));

function withPostgres(postgres: PostgresServer): void {
  let server: ServerProcess;
  let dispatch: Dispatch;

  beforeAll(async () => {
    await postgres.start();
    const address = await postgres.create("away");
    ({ server, dispatch } = await serverWith(["nodejs"], { flags: ["--db", address] }));
    await dispatch.createFunction("echo", { "f.js": "module.exports = (context, payload) => payload;" });
    expect((await dispatch.run("echo", 1)).output).toBe(1);
  });

  afterAll(async () => {
    await server.dispose();
    await postgres.dispose();
  });

  interface Health {
    readonly database: { readonly ready: boolean; readonly reason?: string };
  }
  const database = async () => parse<Health>(await dispatch.raw("/healthz")).database;
  const recorded = async () => (await dispatch.runs("?functionName=echo&status=READY")).length;

  test("for a moment delays a call, which is recorded once", async () => {
    await postgres.stop("SIGQUIT");
    const run = dispatch.run("echo", 2);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await postgres.start();
    expect((await run).output).toBe(2);
    expect(await recorded()).toBe(2);
  });

  test("for long makes no false success, health says so, and work goes on when it is back", async () => {
    await postgres.stop("SIGQUIT");
    const call = dispatch.post("/v1/runs?functionName=echo", { blocking: true, input: 3 });
    const { reason } = await until("health says so", async () => {
      const found = await database();
      return found.ready ? undefined : found;
    });
    expect(reason).not.toBe("");
    const answer = await call;
    expect([answer.status, errorOf(answer).message]).toEqual([500, expect.stringContaining("function run")]);
    await postgres.start();
    await until("health says that it is back", async () => ((await database()).ready ? true : undefined));
    expect((await dispatch.run("echo", 4)).output).toBe(4);
    expect(await recorded()).toBe(3);
  });
}
