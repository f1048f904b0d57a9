/** Builds and deployments are promised with the write, and what they leave on disk is collected, over deaths and stops of the server. */
import { chmod, copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findInterpreter } from "../../../src/adapters/languages/languages.ts";
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

/** `ending`: of the server before. */
async function startAgain(ending: Promise<unknown>): Promise<void> {
  await ending;
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
  until(`image ${name} is ${wanted}`, async () => ((await statusOf(name)) === wanted ? wanted : undefined));

test("a server that is killed while it builds an image builds it at its next start, and the function follows", async () => {
  await createSlowImage("slow", 3);
  await dispatch.post(
    "/v1/function",
    functionBody("says", { "f.js": "module.exports = () => require('word');" }, { image: "slow" }),
  );
  await becomes("slow", "CREATING");
  await startAgain(server.kill());
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
  await startAgain(server.kill());
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
  await startAgain(server.stop());
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
  await startAgain(Promise.resolve());
  expect(await statusOf("broken")).toBe("ERROR");
  // What is younger is done later.
  await createSlowImage("after-it", 0);
  await becomes("after-it", "READY");
  await server.stop();
  expect(generation()).toEqual(before);
  const work = rowsOf<{ kind: string }>(server.dataDir, "select kind from work where kind in ('image', 'deployment')");
  expect(work).toEqual([]);
  await startAgain(Promise.resolve());
});

test("dependencies that nobody uses are collected after the next start, those of a function whose image went are not", async () => {
  const folders = async (): Promise<number> =>
    (await readdir(join(server.dataDir, "images"))).filter((name) => /^[0-9a-f]{64}$/.test(name)).length;
  await createSlowImage("used", 0);
  await becomes("used", "READY");
  const files = { "f.js": "module.exports = () => require('word');" };
  expect((await dispatch.createFunction("pins", files, { image: "used" })).status).toBe("READY");
  const names = parse<ImageObject[]>(await dispatch.get("/v1/image")).map(({ name }) => name);
  for (const name of names.filter((one) => one !== "nodejs")) await dispatch.delete(`/v1/image/${name}`);
  await dispatch.delete("/v1/function/says");
  expect(await folders()).toBeGreaterThan(1);
  await startAgain(server.stop());
  await until("the others are collected", async () => ((await folders()) === 1 ? true : undefined));
  expect((await dispatch.run("pins")).output).toBe("used");
});

test("a source that is uploaded again while the function that has it is deleted is not lost", async () => {
  const files = { "f.js": "module.exports = () => 'shared source';" };
  await dispatch.createFunction("twin-0", files);
  for (let turn = 1; turn <= 8; turn++) {
    const [created] = await Promise.all([
      dispatch.post("/v1/function", functionBody(`twin-${turn}`, files)),
      dispatch.delete(`/v1/function/twin-${turn - 1}`),
      dispatch.post("/v1/function", functionBody(`other-${turn}`, files)),
      dispatch.delete(`/v1/function/other-${turn - 1}`),
    ]);
    expect(created.status).toBe(201);
    expect(await dispatch.built(`twin-${turn}`)).toMatchObject({ status: "READY", reason: null });
  }
  await startAgain(server.stop());
  expect((await dispatch.run("twin-8")).output).toBe("shared source");
});

test("a base image whose interpreter is missing says so, is READY when it is there, and its functions run on it", async () => {
  const search = await findInterpreter("python3");
  if (!search.found) throw new Error(search.reason);
  const folder = await mkdtemp("/var/tmp/dispatch-interpreter-");
  await chmod(folder, 0o755);
  const interpreter = join(folder, "python3");
  const base = { name: "python-own", dockerUrl: "dispatchframework/python3-base", language: "python3", interpreter };
  try {
    expect((await dispatch.post("/v1/baseimage", base)).status).toBe(201);
    expect((await dispatch.post("/v1/image", { name: "own", baseImageName: "python-own" })).status).toBe(201);
    await becomes("own", "ERROR");
    const missing = parse<ImageObject & { interpreter: string }>(await dispatch.get("/v1/baseimage/python-own"));
    expect(missing).toMatchObject({ interpreter, status: "ERROR" });
    expect(missing.reason?.[0]).toContain(`${interpreter} is not on this machine: install it`);
    await copyFile(search.interpreter.command, interpreter);
    expect((await dispatch.put("/v1/image/own", { name: "own", baseImageName: "python-own" })).status).toBe(200);
    await becomes("own", "READY");
    expect(parse<ImageObject>(await dispatch.get("/v1/baseimage/python-own")).status).toBe("READY");
    const source = "import os\ndef handle(context, payload): return os.readlink('/proc/self/exe')";
    await dispatch.post("/v1/function", functionBody("which", { "f.py": source }, { image: "own" }));
    expect((await dispatch.built("which")).reason).toBe(null);
    expect((await dispatch.run("which")).output).toBe(interpreter);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("an interpreter that is neither a path nor a version is refused", async () => {
  const base = { name: "odd", dockerUrl: "dispatchframework/python3-base", language: "python3", interpreter: "python" };
  const answer = await dispatch.post("/v1/baseimage", base);
  expect([answer.status, answer.text]).toEqual([
    422,
    expect.stringContaining("/usr/bin/python3.12) or a version (3.12)"),
  ]);
});
