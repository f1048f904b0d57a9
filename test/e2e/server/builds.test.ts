/** Builds and deployments are promised with the write: a server that dies in the middle goes on at its next start. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { rowsOf } from "../support/database.ts";
import { Dispatch, functionBody, parse, serverWith } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

interface ImageObject {
  readonly name: string;
  readonly status: string;
  readonly reason: string[] | null;
}

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"]));
});

afterAll(() => server.dispose());

async function killed(): Promise<void> {
  await server.kill();
  await startAgain();
}

async function startAgain(): Promise<void> {
  server = await startServer({ dataDir: server.dataDir });
  dispatch = new Dispatch(server.api);
}

/** An image whose own script makes a package after so many seconds; no registry is needed. */
async function createSlowImage(name: string, seconds: number): Promise<void> {
  const install = `sleep ${seconds}; mkdir -p node_modules/word && echo "module.exports = '${name}'" > node_modules/word/index.js`;
  const manifest = JSON.stringify({ scripts: { install } });
  const body = { name, baseImageName: "nodejs-base", runtimeDependencies: { manifest } };
  expect((await dispatch.post("/v1/image", body)).status).toBe(201);
}

async function statusOf(name: string): Promise<string> {
  return parse<ImageObject>(await dispatch.get(`/v1/image/${name}`)).status;
}

const becomes = (name: string, wanted: string) =>
  until(`image ${name} is ${wanted}`, async () => ((await statusOf(name)) === wanted ? wanted : undefined), 60_000);

test("a server that is killed while it builds an image builds it at its next start, and the function follows", async () => {
  await createSlowImage("slow", 3);
  await dispatch.post(
    "/v1/function",
    functionBody("says", { "f.js": "module.exports = () => require('word');" }, { image: "slow" }),
  );
  await becomes("slow", "CREATING");
  await killed();
  await becomes("slow", "READY");
  expect((await dispatch.built("says")).reason).toBe(null);
  expect((await dispatch.run("says")).output).toBe("slow");
});

test("a server that is killed while it loads a function loads it at its next start", async () => {
  const files = {
    "f.js": "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000); module.exports = () => 'loaded';",
  };
  await dispatch.post("/v1/function", functionBody("loads", files));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(parse<{ status: string }>(await dispatch.get("/v1/function/loads")).status).toBe("INITIALIZED");
  await killed();
  expect(await dispatch.built("loads")).toMatchObject({ status: "READY", reason: null });
  expect((await dispatch.run("loads")).output).toBe("loaded");
});

test("of many images two are built at once, and a stop in the middle ends none in ERROR", async () => {
  const names = Array.from({ length: 5 }, (_, index) => `one-of-many-${index}`);
  await Promise.all(names.map((name) => createSlowImage(name, 1)));
  const statuses = async (): Promise<string[]> => Promise.all(names.map(statusOf));
  let most = 0;
  const first = await until("one is built", async () => {
    const now = await statuses();
    most = Math.max(most, now.filter((status) => status === "CREATING").length);
    return now.find((status) => status === "READY" || status === "ERROR");
  });
  expect([first, most]).toEqual(["READY", 2]);
  await server.stop();
  await startAgain();
  for (const name of names) await becomes(name, "READY");
});

test("an image in ERROR is left alone by a start", async () => {
  await dispatch.post("/v1/image", {
    name: "broken",
    baseImageName: "nodejs-base",
    runtimeDependencies: { manifest: "{" },
  });
  await becomes("broken", "ERROR");
  const generation = () =>
    rowsOf<{ generation: number }>(server.dataDir, "select generation from resources where name = 'broken'")[0]
      ?.generation;
  await server.stop();
  const before = generation();
  await startAgain();
  expect(await statusOf("broken")).toBe("ERROR");
  // What is younger is done later.
  await createSlowImage("after-it", 0);
  await becomes("after-it", "READY");
  await server.stop();
  expect(generation()).toEqual(before);
  const work = rowsOf<{ kind: string }>(server.dataDir, "select kind from work where kind in ('image', 'deployment')");
  expect(work).toEqual([]);
  await startAgain();
});
