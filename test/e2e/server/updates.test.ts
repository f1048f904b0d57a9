/** What callers notice while a function changes: nothing (decisions: the last good revision goes on serving). */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Dispatch, serverWith } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"]));
});

afterAll(() => server.dispose());

const version = (number: number) => ({ "f.js": `module.exports = () => ${number};` });

test("no call fails while a function is updated again and again, and afterwards only the newest answers", async () => {
  await dispatch.createFunction("changing", version(0));
  const seen = new Set<unknown>();
  let done = false;
  const caller = async (): Promise<void> => {
    while (!done) {
      const run = await dispatch.run("changing");
      expect(run.error).toBeUndefined();
      seen.add(run.output);
    }
  };
  const callers = [1, 2, 3, 4].map(caller);
  for (let number = 1; number <= 5; number++) {
    const before = (await dispatch.built("changing")).faasId;
    const updated = await dispatch.updateFunction("changing", version(number));
    expect(updated.status).toBe("READY");
    expect(updated.faasId).not.toBe(before);
    expect((await dispatch.run("changing")).output).toBe(number);
  }
  done = true;
  await Promise.all(callers);
  expect(seen.size).toBeGreaterThan(1);
});

test("the last good revision serves after an update that failed, and the function says why", async () => {
  await dispatch.createFunction("fragile", version(1));
  const broken = await dispatch.updateFunction("fragile", { "f.js": "syntax error" });
  expect([broken.status, broken.reason?.length]).toEqual(["ERROR", 1]);
  expect((await dispatch.run("fragile")).output).toBe(1);
  const repaired = await dispatch.updateFunction("fragile", version(2));
  expect([repaired.status, repaired.reason]).toEqual(["READY", null]);
  expect((await dispatch.run("fragile")).output).toBe(2);
});

test("updates that overtake each other end with the last one", async () => {
  await dispatch.createFunction("overtaken", version(0));
  for (const number of [1, 2, 3, 4]) await dispatch.updateFunction("overtaken", version(number)).catch(() => {});
  await Promise.all([5, 6, 7].map((number) => dispatch.updateFunction("overtaken", version(number)).catch(() => {})));
  await dispatch.updateFunction("overtaken", version(8));
  expect((await dispatch.run("overtaken")).output).toBe(8);
});

test("a function waits for its image and is READY soon after it", async () => {
  await dispatch.post("/v1/image", { name: "late", baseImageName: "nodejs-base" });
  const built = await dispatch.createFunction("waits", version(1), { image: "late" });
  expect(built.status).toBe("READY");
});

test("images may go: functions that were built on them stay", async () => {
  await dispatch.post("/v1/image", { name: "going", baseImageName: "nodejs-base" });
  await dispatch.createFunction("stays", version(1), { image: "going" });
  expect((await dispatch.delete("/v1/image/going")).status).toBe(200);
  expect((await dispatch.run("stays")).output).toBe(1);
});

test("sources that nothing needs any more are gone after the next start, those of what serves are not", async () => {
  await dispatch.createFunction("kept", version(41));
  await dispatch.updateFunction("kept", { "f.js": "does not even parse" });
  const sources = async (): Promise<number> => {
    const names = await readdir(join(server.dataDir, "blobs"), { recursive: true });
    return names.filter((name) => name.length > 64).length;
  };
  const before = await sources();
  await dispatch.delete("/v1/function/changing");
  await dispatch.delete("/v1/function/overtaken");
  await server.stop();
  server = await startServer({ dataDir: server.dataDir });
  dispatch = new Dispatch(server.api);
  await until("they are collected", async () => ((await sources()) < before - 5 ? true : undefined));
  expect((await dispatch.run("kept")).output).toBe(41);
  for (const name of ["fragile", "waits", "stays"]) expect((await dispatch.run(name)).status).toBe("READY");
});
