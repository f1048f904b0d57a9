/** The docker environment against a real engine: base images that speak the published images' protocol, built on and run. */
import { randomUUID } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDockerBuilder } from "../../src/adapters/builder/docker.ts";
import { Networks } from "../../src/adapters/docker/networks.ts";
import { createDockerRuntime, type DockerRuntimeOptions } from "../../src/adapters/runtime/docker/runtime.ts";
import { decodeBundle } from "../../src/core/functions/bundle.ts";
import type { Builder, BuiltImage, Language, Runtime } from "../../src/core/shared/ports.ts";
import { findDockerObstacle, startDocker, type TestDocker } from "../support/docker.ts";
import { baseImage, findBaseObstacle } from "../support/docker-bases.ts";
import { dockerSources } from "./docker-sources.ts";
import { type Place, runtimeContract } from "./runtime.ts";
import { evaluate, type FunctionOptions, invoke, run, silent, startFunction, suiteName } from "./runtime-harness.ts";

const obstacle = findDockerObstacle();
const API_PORT = 8080;
/** Of this run alone: the bridges and packet filter of this machine have their names from it, and runs at once must not meet. */
const SERVER = `${randomUUID()}-test-server`;

const LINES = "the server inside the image gathers the lines, and tells them with the answer";
const WORDS = 'the image\'s own build says what is wrong, with its own paths: see "runs" below';
const TEMPLATE = 'packages come by the image\'s template: see "images" below';

/** What a container's protocol leaves to the image (docs/guides/docker.md). */
const CANNOT = {
  "a result that is no JSON is a FunctionError": "the server inside the image writes the result",
  "the function's environment variables are set, and the server's are not": "an image has variables of its own",
  "each run has its own lines, whole and in order, also with runs waiting ahead": LINES,
  "lines are heard before the run ends": LINES,
  "a flood ends in one line that names the limit, and does not spill into the next run": LINES,
  "syntaxError is told with the interpreter's message, file and line": WORDS,
  "missingModule is told with the interpreter's message, file and line": WORDS,
  "failsWhileLoading is told with the interpreter's message, file and line": WORDS,
  "packages of the image are found": TEMPLATE,
  "the interpreter on the PATH is the one that runs the function, with the packages of the image": TEMPLATE,
  "memory over the limit is told by name": 'two servers need more than 64 MB: see "runs" below',
  "a frame over the limit ends the worker": "calls are HTTP, there are no frames",
};

const AS_NODEJS = "it is the server's own doing, as for Node.js: DISPATCH_TEST_DOCKER=all tries it";
/** What is left out for further languages, whose servers are the images' own: starts are dear. */
const BRIEFLY = {
  "nothing returned is null": AS_NODEJS,
  "an asynchronous handler is awaited": AS_NODEJS,
  "a result over the limit is a FunctionError that names the limit, and the worker goes on": AS_NODEJS,
  "a function that ends its process while loading is refused": AS_NODEJS,
  "a cancelled invocation that had not started is returned and never runs": AS_NODEJS,
  "cancelling what runs or has ended changes nothing": AS_NODEJS,
  "a time-out fails what runs and returns what waits": AS_NODEJS,
  "an invocation of a worker that has ended is returned": AS_NODEJS,
};
const isWhole = process.env.DISPATCH_TEST_DOCKER === "all";
const cannotOf = (language: Language): Readonly<Record<string, string>> =>
  language === "nodejs" || isWhole ? CANNOT : { ...CANNOT, ...BRIEFLY };

/** Without them their containers are not tried. */
const FURTHER = { java: await findBaseObstacle("java"), powershell: await findBaseObstacle("powershell") };

describe.skipIf(obstacle !== undefined)(
  suiteName("the docker environment", obstacle),
  { timeout: 60_000, retry: 2 },
  () => {
    let docker: TestDocker;
    let builder: Builder;
    let runtime: Runtime;
    let networks: Networks;
    const images: Partial<Record<Language, BuiltImage>> = {};
    const atDoor: string[] = [];

    const connection = (socket: Socket, organization: string, worker: () => Promise<string | undefined>): void => {
      socket.on("error", () => undefined);
      void worker().then((id) => {
        atDoor.push(`${organization} ${id}`);
        socket.end("HTTP/1.1 200 OK\r\ncontent-length: 8\r\nconnection: close\r\n\r\nthe door");
      });
    };

    const runtimeWith = (options: Partial<DockerRuntimeOptions> = {}): Runtime =>
      createDockerRuntime({
        ...{ engine: docker.engine, networks, server: SERVER, decode: decodeBundle, log: silent },
        door: { port: API_PORT, names: [{ host: "dispatch.example", port: 8443 }], connection },
        maxLogBytes: 64 * 1024,
        maxOutputBytes: 128 * 1024,
        ...options,
      });

    const build = (language: Language, manifest = "", heard: string[] = []): Promise<BuiltImage> =>
      builder.build(
        { organization: "test", baseImage: baseImage(language), language, manifest, systemPackages: [] },
        (line) => heard.push(line),
      );

    beforeAll(async () => {
      docker = await startDocker();
      networks = new Networks(docker.engine, SERVER);
      builder = createDockerBuilder({ engine: docker.engine, networks, server: SERVER, log: silent });
      runtime = runtimeWith();
      images.nodejs = await build("nodejs");
      images.python3 = await build("python3");
    });

    afterAll(async () => {
      await runtime?.close();
      await networks?.close();
      await docker?.close();
    });

    const options = (language: Language, more: FunctionOptions = {}): FunctionOptions => ({
      ...more,
      ...(images[language] === undefined ? {} : { image: images[language] }),
    });
    const node = (source: string, more: FunctionOptions = {}) =>
      startFunction(runtime, "nodejs", source, options("nodejs", more));
    const value = (source: string, more: FunctionOptions & { readonly payload?: unknown } = {}) =>
      evaluate(runtime, "nodejs", source, { ...more, ...options("nodejs", more) });

    test("it can run functions here, and says how limits are enforced", async () => {
      expect(await runtime.check()).toMatchObject({ problems: [], limits: { memory: "container" } });
    });

    const contract = (language: Language): void => {
      const open = async (): Promise<Place> => {
        const own = runtimeWith();
        const image = images[language] as BuiltImage;
        return { runtime: own, image, withPackages: async () => image, close: () => own.close() };
      };
      runtimeContract(language, dockerSources[language], { open, cannot: cannotOf(language), exitCode: "" });
    };

    describe("the contract of every runtime, running Node.js", () => contract("nodejs"));
    describe("the contract of every runtime, running Python", () => contract("python3"));
    for (const language of ["java", "powershell"] as const) {
      const missing = FURTHER[language];
      describe.skipIf(missing !== undefined)(suiteName(`the contract of every runtime, ${language}`, missing), () => {
        beforeAll(async () => {
          await docker.provide(language);
          images[language] = await build(language);
        });
        contract(language);
      });
    }

    describe("images", () => {
      test("a base image of the engine is there; one that no registry has is said with the registry's words", async () => {
        const check = (image: string) => builder.check({ image, language: "nodejs" });
        expect(await check(docker.bases.nodejs)).toMatchObject({ available: true });
        expect(await check("127.0.0.1:1/none:1")).toMatchObject({
          available: false,
          reason: expect.stringContaining("127.0.0.1:1"),
        });
      });

      test("manifest and system packages reach the template, and what it installs reaches the function", async () => {
        const heard: string[] = [];
        const image = await builder.build(
          {
            ...{ organization: "test", baseImage: docker.bases.nodejs, language: "nodejs", manifest: '{"a": 1}' },
            systemPackages: [{ name: "libpq5" }, { name: "gcc", version: "12" }],
          },
          (line) => heard.push(line),
        );
        expect(heard.join("\n")).toMatch(/Step 1\/\d[\s\S]*installing 8 letters of manifest/);
        expect(await builder.holds(image)).toBe(true);
        const source = 'const found = require("installed"); module.exports = () => found;';
        expect(await evaluate(runtime, "nodejs", source, { image })).toEqual({
          system: "libpq5\ngcc 12\n",
          manifest: '{"a": 1}',
        });
        await builder.collect(() => false);
        expect(await builder.holds(image)).toBe(true);
        const collecting = createDockerBuilder({
          engine: docker.engine,
          networks,
          server: SERVER,
          log: silent,
          keep: 0,
        });
        await collecting.collect((digest) => digest !== image.digest);
        expect(await collecting.holds(image)).toBe(false);
        expect(await collecting.holds(images.nodejs as BuiltImage)).toBe(true);
      });

      test("the same order is built once, and what fails is told with the installer's words", async () => {
        const [one, other] = await Promise.all([build("python3"), build("python3")]);
        expect(one).toEqual(other);
        expect(one).toEqual(images.python3);
        await expect(build("python3", "no-such-package")).rejects.toThrow(/no-such-package is not in this registry/);
      });

      test("a malformed package name is refused by name, and an image of a server's own is no base image", async () => {
        const spec = {
          organization: "test",
          baseImage: docker.bases.nodejs,
          language: "nodejs",
          manifest: "",
        } as const;
        await expect(builder.build({ ...spec, systemPackages: [{ name: "a; rm -rf /" }] }, () => {})).rejects.toThrow(
          /"a; rm -rf \/" has a malformed name/,
        );
        const [tag = ""] = (await docker.engine.image(images.nodejs?.digest ?? ""))?.RepoTags ?? [];
        await expect(builder.build({ ...spec, baseImage: tag, systemPackages: [] }, () => {})).rejects.toThrow(
          /made by a server of Dispatch/,
        );
      });
    });

    describe("runs", () => {
      test("a Python handler answers; its print is in the log, and what is secret is hidden there", async () => {
        const source = `def handle(context, payload):
    print("the password is hunter2")
    if payload is None: raise ValueError("no hunter2 here")
    return payload`;
        const worker = await startFunction(runtime, "python3", source, options("python3"));
        expect(await run(worker, 12345678901234567890n.toString())).toMatchObject({
          output: '"12345678901234567890"',
          logs: { stdout: ["the password is ***"], stderr: null },
        });
        expect((await run(worker)).error).toMatchObject({ type: "InputError", message: "no *** here" });
        expect((await run(worker, 1)).output).toBe("1");
        await worker.stop("retired");
      });

      test("the first call never fails, although the outer server says that it is well before its child listens", async () => {
        const slow = `const end = Date.now() + 700; while (Date.now() < end); module.exports = () => "here";`;
        for (let round = 0; round < 3; round += 1) expect(await value(slow)).toBe("here");
      });

      test("a time-out by the deadline ends the run, and the call behind it waits for the new child", async () => {
        const worker = await node(
          "module.exports = (context, payload) => payload === 0 ? new Promise(() => setInterval(() => {}, 1000)) : payload;",
        );
        const deadline = new Date(Date.now() + 300).toISOString();
        const late = invoke(worker, 0, { deadline });
        const next = invoke(worker, 7);
        expect(await late.ended).toMatchObject({ error: { message: "Function execution exceeded the timeout" } });
        expect(await next.ended).toMatchObject({ output: "7" });
        await worker.stop("retired");
      });

      test("memory over the limit is told by name", async () => {
        const hungry = "module.exports = () => { const all = []; for (;;) all.push(Buffer.alloc(4e6, 1)); };";
        const worker = await node(hungry, { limits: { memory: 128 } });
        expect((await run(worker)).error).toMatchObject({
          type: "FunctionError",
          message: "the function exceeded its memory limit of 128 MB",
        });
        expect((await worker.exited).reason).toBe("memory");
      });

      test("results and logs have their limits, by name", async () => {
        const worker = await node(
          'module.exports = (context, n) => { for (let i = 0; i < n; i += 1) console.log("x".repeat(100)); return new Promise((go) => setTimeout(() => go("y".repeat(n * 100)), 300)); };',
        );
        const long = await run(worker, 1500);
        expect(long.error?.message).toContain("limit of 131072 bytes");
        expect(long.logs.stdout?.at(-1)).toMatch(
          /^\.\.\. log limit of 65536 bytes reached, the rest is left out \(\d+ bytes\)$/,
        );
        expect((await run(worker, 3)).output).toHaveLength(302);
        await worker.stop("retired");
      });

      test("a handler that cannot be loaded is refused with the language's own words", async () => {
        await expect(node("const a = 1;\nretrun a x\n")).rejects.toThrow(
          /hello\.js:2[\s\S]*SyntaxError[\s\S]*Invalid function file or handler/,
        );
        await expect(node("module.exports = 42;")).rejects.toThrow(/exports no function/);
      });

      test("a container that ends when it starts is refused with what it said", async () => {
        const source =
          'if (process.argv[2] !== "--validate") { console.error("not today"); process.kill(1, "SIGKILL"); process.exit(9); } module.exports = () => 1;';
        const starting = startFunction(runtimeWith({ loadMilliseconds: 3000 }), "nodejs", source, options("nodejs"));
        await expect(starting).rejects.toThrow(/not today[\s\S]*the container (ended|did not answer)/);
      });
    });

    describe("what a container may not", () => {
      test("the environment is the image's and the function's; the root is read-only, /tmp is its own and small", async () => {
        const source = `const fs = require("node:fs");
        const tried = (path) => { try { fs.writeFileSync(path, "x"); return "written"; } catch (error) { return error.code; } };
        const filled = () => { try { fs.writeFileSync("/tmp/big", Buffer.alloc(64e6)); return "written"; } catch (error) { return error.code; } };
        module.exports = () => ({ env: Object.keys(process.env), root: tried("/function/a"), tmp: tried("/tmp/a"), big: filled() });`;
        const found = (await value(source, { environment: { GREETING: "hello" } })) as { env: string[] };
        expect(found).toMatchObject({ root: "EROFS", tmp: "written", big: "ENOSPC" });
        expect(found.env).toContain("GREETING");
        expect(found.env.filter((name) => /dispatch|token|npm|PWD$/i.test(name))).toEqual([]);
      });

      test("no capability, no new privileges, few processes", async () => {
        const source = `const fs = require("node:fs");
        const { spawn } = require("node:child_process");
        module.exports = async () => {
          const status = fs.readFileSync("/proc/self/status", "utf8");
          const word = (name) => new RegExp(name + ":\\\\s*(\\\\S+)").exec(status)[1];
          const all = [];
          let refused = 0;
          for (let i = 0; i < 60; i += 1) all.push(await new Promise((go) => {
            const child = spawn("/bin/sh", ["-c", "read x"]);
            child.once("error", () => { refused += 1; go(); }); child.once("spawn", () => go(child)); }));
          for (const child of all) child?.kill("SIGKILL");
          return { effective: word("CapEff"), bounding: word("CapBnd"), privileges: word("NoNewPrivs"), seccomp: word("Seccomp"), refused: refused > 0 };
        };`;
        expect(await value(source, { limits: { pids: 40 } })).toEqual({
          ...{ effective: "0000000000000000", bounding: "0000000000000000", privileges: "1", seccomp: "2" },
          refused: true,
        });
      });

      const REACH = `const net = require("node:net");
      module.exports = (context, places) => Promise.all(places.map(({ host, port }) => new Promise((go) => {
        const socket = net.connect({ host, port, timeout: 1500 });
        socket.once("connect", () => { socket.destroy(); go("reached"); });
        socket.once("error", (error) => go(error.code)); socket.once("timeout", () => { socket.destroy(); go("silent"); });
      })));`;

      test("the host, its loopback, metadata services and neighbours are out of reach", async () => {
        const service = createServer((_request, response) => response.end("mine")).listen(0, "0.0.0.0");
        await new Promise((resolve) => service.once("listening", resolve));
        const { port } = service.address() as AddressInfo;
        const neighbour = await node(
          "module.exports = () => Object.values(require('node:os').networkInterfaces()).flat().find((one) => !one.internal).address;",
          {
            network: "isolated",
          },
        );
        const next = JSON.parse((await run(neighbour)).output ?? "") as string;
        const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
        const hosts = addresses
          .filter(({ family, internal }) => family === "IPv4" && !internal)
          .map(({ address }) => address);
        const gateway = next.replace(/\.\d+$/, ".1");
        expect(hosts).toContain(gateway);
        const places = [...hosts, "127.0.0.1", "169.254.169.254"].map((host) => ({ host, port }));
        const reached = await value(REACH, {
          network: "isolated",
          payload: [...places, { host: next, port: API_PORT }],
        });
        expect(reached).toHaveLength(places.length + 1);
        expect(reached).not.toContain("reached");
        await neighbour.stop("retired");
        service.close();
      });

      test("without a network nothing is reached; with the host's it is refused by name", async () => {
        const places = [
          { host: "10.255.255.1", port: 80 },
          { host: "192.0.2.1", port: 80 },
        ];
        expect(await value(REACH, { network: "none", payload: places })).not.toContain("reached");
        await expect(value(REACH, { network: "host" })).rejects.toThrow(/cannot have network host/);
      });

      test("the function door is where it always is, under the server's own names too, and knows who calls", async () => {
        atDoor.length = 0;
        const source = `module.exports = async (context, places) => Promise.all(places.map(async (place) => (await fetch(place)).text()));`;
        const worker = await node(source, { network: "isolated", organization: "acme" });
        const places = [`http://127.0.0.1:${API_PORT}/v1/runs`, "http://dispatch.example:8443/"];
        expect(await run(worker, places)).toMatchObject({ output: '["the door","the door"]' });
        expect(atDoor).toEqual([`acme ${worker.id}`, `acme ${worker.id}`]);
        await worker.stop("retired");
      });

      test("a hostile archive of a function replaces nothing of the template", async () => {
        const files = { Dockerfile: "FROM scratch\n", ".dockerignore": "*\n", "lib/deep/x.js": "module.exports = 5;" };
        expect(await value('module.exports = () => require("./lib/deep/x.js");', { files })).toBe(5);
      });
    });

    describe("cleaning up", () => {
      const labels = { "io.dispatchframework.server": SERVER };

      test("what a server that died left is removed by the next one, and nothing of others", async () => {
        const { engine } = docker;
        const other = await engine.createContainer("tests-other", {
          ...{ Image: docker.bases.nodejs, Cmd: ["node", "-e", "setInterval(() => {}, 1e6)"] },
          Labels: { "io.dispatchframework.server": "another" },
          HostConfig: { NetworkMode: "none" },
        });
        await engine.startContainer(other);
        const server = `dying-${SERVER}`;
        const dying = new Networks(engine, server);
        const left = await startFunction(
          runtimeWith({ networks: dying, server }),
          "nodejs",
          "module.exports = () => 1;",
          options("nodejs"),
        );
        expect(await engine.containers({ "io.dispatchframework.server": server })).toHaveLength(1);
        const after = new Networks(engine, server);
        await after.ready();
        await left.exited;
        expect(await engine.containers({ "io.dispatchframework.server": server })).toEqual([]);
        expect(await engine.networks({ "io.dispatchframework.server": server })).toEqual([]);
        expect((await engine.container(other))?.State.Running).toBe(true);
        await after.close();
        await engine.removeContainer(other);
      });

      test("nothing is left of workers that ended", async () => {
        const before = await docker.engine.containers(labels);
        const worker = await node("module.exports = () => 1;");
        expect(await docker.engine.containers(labels)).toHaveLength(before.length + 1);
        await worker.stop("idle");
        expect(await docker.engine.containers(labels)).toHaveLength(before.length);
      });

      test("an engine that is not there is a problem with its remedy", async () => {
        const { Engine } = await import("../../src/adapters/docker/engine.ts");
        const gone = new Engine(join(mkdtempSync(join(tmpdir(), "dispatch-none-")), "docker.sock"));
        const { problems } = await runtimeWith({ networks: new Networks(gone, SERVER), engine: gone }).check();
        expect(problems[0]).toMatch(/does not answer \(ENOENT\)/);
      });
    });
  },
);
