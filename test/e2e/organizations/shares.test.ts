/** One organization's work does not keep another's waiting. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { Dispatch } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";

let server: ServerProcess;
const callers: Dispatch[] = [];

beforeAll(async () => {
  server = await startServer({ flags: ["--max-workers", "4", "--warm-workers", "0", "--stop-grace", "100ms"] });
  for (const organization of ["greedy", "modest"]) {
    const dispatch = new Dispatch(server.api, { "x-dispatch-org": organization });
    await dispatch.createImage("nodejs");
    callers.push(dispatch);
  }
});

afterAll(() => server.dispose());

test("six slow runs of one organization leave another's run a worker", async () => {
  const [greedy, modest] = callers as [Dispatch, Dispatch];
  const slow = "module.exports = () => new Promise((resolve) => setTimeout(resolve, 90_000, 'slow'));";
  await greedy.createFunction("slow", { "f.js": slow }, { limits: { concurrency: 6 } });
  await modest.createFunction("quick", { "f.js": "module.exports = () => 'quick';" });
  const runs = await Promise.all([1, 2, 3, 4, 5, 6].map(() => greedy.start("slow")));
  await new Promise((resolve) => setTimeout(resolve, 1500)); // so that they have spread over every worker they may have
  const since = performance.now();
  expect((await modest.run("quick")).output).toBe("quick");
  expect(performance.now() - since).toBeLessThan(60_000);
  for (const { name } of runs) expect((await greedy.getRun(name)).status).not.toBe("ERROR");
});
