/** A server with --runtime docker: the ordinary API, functions in containers, a crash, and sandboxes beside them. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { suiteName } from "../../contract/runtime-harness.ts";
import { findDockerObstacle, startDocker, type TestDocker } from "../../support/docker.ts";
import { Dispatch, type FunctionObject, parse } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const obstacle = findDockerObstacle();

const WORKERS = { "io.dispatchframework.kind": "worker" };

const greeting = `module.exports = async (context, { name }) => {
  console.log("greeting " + name);
  return { text: "hello " + name, secret: context.secrets.word, sandbox: require("node:fs").existsSync("/.dockerenv") };
};`;

const calling = `import json, urllib.request
def handle(context, payload):
    door = context["dispatch"]
    request = urllib.request.Request(door["url"] + "/v1/runs?functionName=greet", method="POST",
        data=json.dumps({"blocking": True, "input": payload}).encode(),
        headers={"content-type": "application/json", "authorization": "Bearer " + door["token"], "x-dispatch-org": "dispatch-server"})
    return json.load(urllib.request.urlopen(request))["output"]`;

describe.skipIf(obstacle !== undefined)(suiteName("functions in containers", obstacle), () => {
  let docker: TestDocker;
  let server: ServerProcess;
  let dispatch: Dispatch;

  const start = async (runtime: string, dataDir?: string): Promise<void> => {
    const flags = ["--runtime", runtime, "--docker-socket", docker.socket];
    server = await startServer({ flags, ...(dataDir === undefined ? {} : { dataDir }) });
    dispatch = new Dispatch(server.api);
  };

  const createImage = async (language: "nodejs" | "python3"): Promise<void> => {
    await dispatch.post("/v1/baseimage", { name: `${language}-base`, dockerUrl: docker.bases[language], language });
    await dispatch.post("/v1/image", { name: language, baseImageName: `${language}-base` });
    await until(`image ${language} is READY`, async () => {
      const { status, reason } = parse<FunctionObject>(await dispatch.get(`/v1/image/${language}`));
      if (status === "ERROR") throw new Error(reason?.join("; "));
      return status === "READY" ? status : undefined;
    });
  };

  beforeAll(async () => {
    docker = await startDocker();
    await start("docker");
    await Promise.all([createImage("nodejs"), createImage("python3")]);
  });

  afterAll(async () => {
    await server?.stop();
    await docker?.close();
  });

  test("a Node.js function is created, gets its secret, and its run has output and log", async () => {
    await dispatch.post("/v1/secret", { name: "password", secrets: { word: "sesame" } });
    expect(await dispatch.createFunction("greet", { "greet.js": greeting }, { secrets: ["password"] })).toMatchObject({
      ...{ status: "READY", reason: null },
    });
    expect(await dispatch.run("greet", { name: "Ada" })).toMatchObject({
      ...{ status: "READY", output: { text: "hello Ada", secret: "sesame", sandbox: true } },
      logs: { stdout: ["greeting Ada"], stderr: null },
    });
  });

  test("a Python function in its container calls another one through the function door", async () => {
    expect(await dispatch.createFunction("call", { "call.py": calling }, { image: "python3" })).toMatchObject({
      status: "READY",
    });
    expect(await dispatch.run("call", { name: "Bob" })).toMatchObject({ output: { text: "hello Bob" } });
  });

  test("a function that cannot be loaded is ERROR with the language's words, and an update makes it READY", async () => {
    const broken = await dispatch.createFunction("broken", { "broken.js": 'require("nowhere");' });
    expect(broken.status).toBe("ERROR");
    expect(broken.reason?.join()).toMatch(/Cannot find module 'nowhere'/);
    const fixed = await dispatch.updateFunction("broken", { "broken.js": "module.exports = () => 1;" });
    expect(fixed.status).toBe("READY");
    expect(await dispatch.run("broken")).toMatchObject({ output: 1 });
  });

  test("a time-out ends the run, and the next one is answered", async () => {
    const source = "module.exports = (c, forever) => forever ? new Promise(() => setInterval(() => {}, 1000)) : 5;";
    await dispatch.createFunction("slow", { "slow.js": source }, { timeout: 500 });
    expect(await dispatch.run("slow", true)).toMatchObject({
      error: { type: "FunctionError", message: "Function execution exceeded the timeout" },
    });
    expect(await dispatch.run("slow", false)).toMatchObject({ output: 5 });
  });

  test("after kill -9 the next server removes the containers that were left, and its functions run", async () => {
    const left = (await docker.engine.containers(WORKERS)).map(({ Id }) => Id);
    expect(left.length).toBeGreaterThan(0);
    const { dataDir } = server;
    await server.kill();
    await start("both", dataDir);
    expect(await dispatch.run("greet", { name: "Eve" })).toMatchObject({ output: { text: "hello Eve" } });
    const now = (await docker.engine.containers(WORKERS)).map(({ Id }) => Id);
    expect(now.filter((id) => left.includes(id))).toEqual([]);
  });

  test("with --runtime both a published name is this machine's language in a sandbox", async () => {
    await dispatch.post("/v1/baseimage", {
      name: "plain",
      dockerUrl: "dispatchframework/nodejs-base:0.0.13",
      language: "",
    });
    await dispatch.post("/v1/image", { name: "plain", baseImageName: "plain" });
    const made = await dispatch.createFunction("sandboxed", { "greet.js": greeting }, { image: "plain" });
    expect(made).toMatchObject({ status: "READY" });
    expect(await dispatch.run("sandboxed", { name: "Ada" })).toMatchObject({ output: { sandbox: false } });
  });

  test("a stop leaves no container and no network", async () => {
    const { dataDir } = server;
    expect(await server.stop()).toMatchObject({ code: 0 });
    expect(await docker.engine.containers(WORKERS)).toEqual([]);
    expect(await docker.engine.networks({ "io.dispatchframework.kind": "network" })).toEqual([]);
    await start("process", dataDir);
    // Without an engine the image is in ERROR, not its base image's language in a sandbox.
    const reason = await until("the base image is examined", async () => {
      const base = parse<FunctionObject>(await dispatch.get("/v1/baseimage/nodejs-base"));
      return base.status === "ERROR" ? base.reason : undefined;
    });
    expect(reason?.join()).toContain("--runtime docker");
  });
});
