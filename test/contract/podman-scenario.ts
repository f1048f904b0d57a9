/**
 * `podman-scenario.ts FOLDER`: the docker environment on Podman, once through. Run in a network of its own (unshare), for Podman writes
 * into the packet filter of the machine. The last line is what happened, as JSON.
 */
import { execFileSync } from "node:child_process";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { createDockerBuilder } from "../../src/adapters/builder/docker.ts";
import type { Engine } from "../../src/adapters/docker/engine.ts";
import { Networks } from "../../src/adapters/docker/networks.ts";
import { createDockerRuntime } from "../../src/adapters/runtime/docker/runtime.ts";
import { decodeBundle } from "../../src/core/functions/bundle.ts";
import type { BuiltImage, Runtime } from "../../src/core/shared/ports.ts";
import { baseImage, buildBases } from "../support/docker-bases.ts";
import { startPodman } from "../support/podman.ts";
import { invoke, run, silent, startFunction } from "./runtime-harness.ts";

const SERVER = "podman-scenario";
const LABELS = { "io.dispatchframework.server": SERVER };
const PORT = 8080;

/** Greets, ends its process, asks the function door, or tries to reach places. */
const FUNCTION = `const net = require("node:net");
const tried = (host) => new Promise((go) => {
  const socket = net.connect({ host, port: ${PORT}, timeout: 1500 });
  socket.once("connect", () => { socket.destroy(); go("reached"); });
  socket.once("error", (error) => go(error.code)); socket.once("timeout", () => { socket.destroy(); go("silent"); });
});
module.exports = async (context, payload) => {
  if (payload === "exit") { console.log("last words"); process.exit(3); }
  if (payload === "door") return (await fetch("http://127.0.0.1:${PORT}/")).text();
  if (Array.isArray(payload)) return Promise.all(payload.map(tried));
  console.log("greeting " + payload);
  return "hello " + payload;
};`;

const connection = (socket: Socket, organization: string): void => {
  socket.on("error", () => undefined);
  socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nthe door of ${organization}`);
};

const greeted = async (runtime: Runtime, image: BuiltImage): Promise<object> => {
  const worker = await startFunction(runtime, "nodejs", FUNCTION, { image, network: "isolated", organization: "acme" });
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const hosts = own.filter(({ family, internal }) => family === "IPv4" && !internal).map(({ address }) => address);
  const found = {
    hosts: hosts.length,
    greeting: await run(worker, "Ada"),
    door: (await run(worker, "door")).output,
    reached: (await run(worker, [...hosts, "169.254.169.254"])).output,
    end: await run(worker, "exit"),
    after: await invoke(worker, "Bob").ended,
  };
  return { ...found, reason: (await worker.exited).reason };
};

const alone = async (runtime: Runtime, image: BuiltImage): Promise<object> => {
  const worker = await startFunction(runtime, "nodejs", FUNCTION, { image, network: "none" });
  const found = {
    aloneGreeting: (await run(worker, "Eve")).output,
    aloneReached: (await run(worker, ["192.0.2.1"])).output,
  };
  await worker.stop("idle");
  return found;
};

const left = async (engine: Engine): Promise<object> => ({
  containers: (await engine.containers(LABELS)).length,
  networks: (await engine.networks(LABELS)).length,
});

const scenario = async (engine: Engine, folder: string): Promise<object> => {
  await buildBases(engine, join(folder, "context"), ["nodejs"]);
  const networks = new Networks(engine, SERVER);
  const builder = createDockerBuilder({ engine, networks, server: SERVER, log: silent });
  const door = { port: PORT, names: [], connection };
  const runtime = createDockerRuntime({ engine, networks, server: SERVER, door, decode: decodeBundle, log: silent });
  const { problems } = await runtime.check();
  const order = { organization: "acme", baseImage: baseImage("nodejs"), language: "nodejs", manifest: "" } as const;
  const image = await builder.build({ ...order, systemPackages: [] }, () => {});
  const found = {
    problems,
    holds: await builder.holds(image),
    ...(await greeted(runtime, image)),
    ...(await alone(runtime, image)),
  };
  await runtime.close();
  await networks.close();
  return { ...found, left: await left(engine) };
};

execFileSync("ip", ["link", "set", "lo", "up"]);
const service = createServer((_request, response) => response.end("mine")).listen(PORT, "0.0.0.0");
const [, , folder = ""] = process.argv;
const podman = await startPodman(folder);
try {
  console.log(JSON.stringify(await scenario(podman.engine, folder)));
} finally {
  await podman.close();
  service.close();
}
