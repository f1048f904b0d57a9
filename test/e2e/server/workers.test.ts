/** `get workers`, warm floors, and scale to zero on a real server. */
import { expect, onTestFinished, test } from "vitest";
import { administratorOf, bearer, createAccount, grant, signedToken } from "../iam/accounts.ts";
import { runCommand } from "../support/command-line.ts";
import { Dispatch, errorOf, functionBody, parse } from "../support/dispatch.ts";
import { type ServerOptions, type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

interface Listed {
  readonly name?: string;
  readonly state: string;
  readonly functionName?: string;
  readonly run?: string;
  readonly memory?: number;
  readonly why: string;
}

async function serve(options: ServerOptions): Promise<{ server: ServerProcess; dispatch: Dispatch }> {
  const server = await startServer(options);
  onTestFinished(() => server.dispose());
  return { server, dispatch: new Dispatch(server.api) };
}

const workers = async (dispatch: Dispatch, query = ""): Promise<Listed[]> =>
  parse(await dispatch.get(`/v1/worker${query}`));

const SLOW = { "slow.js": "module.exports = (context, ms) => new Promise((resolve) => setTimeout(resolve, ms));" };

test("every worker is listed with what it does and why", async () => {
  const { server, dispatch } = await serve({ flags: ["--warm-workers", "1"] });
  await dispatch.createImage("nodejs");
  await dispatch.createFunction("slow", SLOW);
  const waiting = await until("one waits", async () =>
    (await workers(dispatch)).find(({ state }) => state === "waiting"),
  );
  expect(waiting.functionName).toBe(undefined);
  const [idle] = await workers(dispatch, "?functionName=slow");
  expect(idle).toMatchObject({
    state: "idle",
    functionName: "slow",
    why: expect.stringMatching(/^ends in \S+ if nobody calls$/),
  });
  // Where the machine counts it.
  if (idle?.memory !== undefined) expect(idle.memory).toBeGreaterThan(4 * 1024 * 1024);
  const run = await dispatch.start("slow", 5000);
  const busy = await until("it is busy", async () =>
    (await workers(dispatch, "?functionName=slow")).find(({ state }) => state === "busy"),
  );
  expect(busy).toMatchObject({ run: run.name, why: "runs", name: idle?.name });
  const options = { cwd: "/tmp", environment: { DISPATCH_PORT: new URL(server.api).port } };
  const table = await runCommand(["get", "workers", "slow"], options);
  expect(table).toMatchObject({ status: 0, stderr: "" });
  expect(table.stdout).toMatch(/slow\s.*busy\s.*runs/);
});

test("a function with minWarm keeps its workers, also over a restart; all others end", {
  timeout: 120_000,
}, async () => {
  const flags = ["--warm-workers", "0", "--worker-idle-timeout", "1s", "--max-function-min-warm", "2"];
  const { server, dispatch } = await serve({ flags });
  await dispatch.createImage("nodejs");
  const refused = await dispatch.post("/v1/function", functionBody("greedy", SLOW, { minWarm: 3 }));
  expect([refused.status, errorOf(refused).message]).toEqual([422, expect.stringContaining("max-function-min-warm")]);
  await dispatch.createFunction("kept", SLOW, { minWarm: 2 });
  await dispatch.createFunction("goes", SLOW);
  const names = async (of: Dispatch): Promise<string[]> =>
    (await workers(of)).map(({ functionName = "" }) => functionName);
  await until("only what is kept is left", async () =>
    (await names(dispatch)).join() === "kept,kept" ? true : undefined,
  );
  const kept = new Set((await workers(dispatch)).map(({ name }) => name));
  await new Promise((resolve) => setTimeout(resolve, 3000));
  expect((await workers(dispatch)).map(({ name, why }) => [kept.has(name), why])).toEqual([
    [true, "kept by minWarm 2"],
    [true, "kept by minWarm 2"],
  ]);
  expect((await dispatch.run("goes", 1)).status).toBe("READY");
  await server.stop();
  const again = await serve({ flags, dataDir: server.dataDir });
  await until("they are there again", async () =>
    (await names(again.dispatch)).join() === "kept,kept" ? true : undefined,
  );
  const { text } = await again.dispatch.get("/v1/function/kept");
  expect(JSON.parse(text)).toMatchObject({ minWarm: 2 });
  await again.dispatch.updateFunction("kept", SLOW, {});
  await until("none is kept any more", async () => ((await names(again.dispatch)).length === 0 ? true : undefined));
});

test("an organization sees its own workers, and whoever may not get them sees none", async () => {
  const { server } = await serve({ flags: ["--auth", "token", "--warm-workers", "1"] });
  const admin = await administratorOf(server, "dispatch-server");
  await admin.createImage("nodejs");
  await admin.createFunction("slow", SLOW);
  expect((await workers(admin)).length).toBeGreaterThan(0);
  expect(await workers(await administratorOf(server, "other"))).toEqual([]);
  const keys = await createAccount(admin, "ci");
  const account = bearer(server, "dispatch-server", signedToken("dispatch-server/ci", keys));
  expect((await account.get("/v1/worker")).status).toBe(403);
  await grant(admin, "see-workers", { subjects: ["ci"], actions: ["get"], resources: ["worker"] });
  expect((await workers(account)).length).toBeGreaterThan(0);
});
