/** A function in a container that wants out of it, or to its neighbours. */
import { networkInterfaces } from "node:os";
import { listen, portOf } from "../../escapes/host-services.ts";
import { findDockerObstacle } from "../../support/docker.ts";
import { attacksOf, judge, nothingOf, notTried, type Verdict } from "../attack.ts";
import type { ContainerTarget } from "../containers.ts";

const LOOT = "a service of the host";
const OTHER = "neighbours";

const obstacle = findDockerObstacle();

const inContainers = (attempts: Readonly<Record<string, (target: ContainerTarget) => Promise<Verdict>>>) =>
  attacksOf(
    "containers",
    Object.fromEntries(
      Object.entries(attempts).map(([name, attempt]) => [
        name,
        async (target) => (obstacle === undefined ? attempt(await target.containers()) : notTried(obstacle)),
      ]),
    ),
  );

const REACH = `const net = require("node:net");
module.exports = async (context, places) => (await Promise.all(places.map(([host, port]) => new Promise((go) => {
  const socket = net.connect({ host, port, timeout: 1500 });
  socket.once("connect", () => { socket.destroy(); go(host + ":" + port); });
  socket.once("error", () => go()); socket.once("timeout", () => { socket.destroy(); go(); });
})))).filter(Boolean);`;

const ADDRESS = `module.exports = () =>
  Object.values(require("node:os").networkInterfaces()).flat().find(({ internal }) => !internal).address;`;

type Place = readonly [host: string, port: number];

const reached = async (target: ContainerTarget, places: readonly Place[]): Promise<string[]> =>
  (await target.outputOf(REACH, places)) as string[];

const addressIn = async (target: ContainerTarget, organization: string): Promise<string> =>
  (await target.outputOf(ADDRESS, null, {}, organization)) as string;

const hostsOwn = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => address);

const WRITES = `const fs = require("node:fs");
module.exports = (context, paths) => paths.filter((path) => {
  try { fs.writeFileSync(path, "x"); return true; } catch { return false; }
});`;

const READS = `const fs = require("node:fs");
module.exports = (context, paths) => paths.filter((path) => {
  try { fs.closeSync(fs.openSync(path, "r")); return true; } catch { return false; }
});`;

const written = async (target: ContainerTarget, paths: readonly string[]): Promise<Verdict> =>
  nothingOf((await target.outputOf(WRITES, paths)) as string[], `${paths.length} refused`);

export const containers = inContainers({
  "find the engine's socket or the host's devices": async (target) => {
    const sockets = [
      target.docker.socket,
      "/var/run/docker.sock",
      "/run/docker.sock",
      "/run/containerd/containerd.sock",
    ];
    const devices = ["/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda", "/dev/loop0", "/dev/fuse", "/proc/kcore"];
    const found = await target.outputOf(READS, devices);
    const there = await target.outputOf(
      `module.exports = (c, paths) => paths.filter((path) => require("node:fs").existsSync(path));`,
      sockets,
    );
    return nothingOf([...(found as string[]), ...(there as string[])], "neither is there");
  },

  "keep a capability, or gain one": async (target) => {
    const source = `const status = require("node:fs").readFileSync("/proc/self/status", "utf8");
    const word = (name) => new RegExp("^" + name + ":\\\\s*(\\\\S+)", "m").exec(status)[1];
    module.exports = () => ["CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb", "NoNewPrivs", "Seccomp"].map(word).join(" ");`;
    const found = await target.outputOf(source);
    const none = "0000000000000000";
    return judge(found === `${none} ${none} ${none} ${none} ${none} 1 2`, found);
  },

  "write to the root": (target) =>
    written(target, ["/x", "/etc/passwd", "/etc/hosts", "/handler", "/function/f.js", "/usr/bin/node", "/server/x"]),

  "write to the kernel": (target) =>
    written(target, [
      ...["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger"],
      ...["/sys/kernel/uevent_helper", "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/release_agent"],
    ]),

  "be published on the host": async (target) => {
    const address = await addressIn(target, OTHER);
    const workers = await target.docker.engine.containers({ "io.dispatchframework.kind": "worker" });
    const states = await Promise.all(workers.map(({ Id }) => target.docker.engine.container(Id)));
    const ports = states.flatMap((state) =>
      Object.values((state?.NetworkSettings as { readonly Ports?: Record<string, unknown> })?.Ports ?? {}).filter(
        Boolean,
      ),
    );
    return judge(address !== "" && workers.length > 0 && ports.length === 0, `${workers.length} containers, no port`);
  },

  "reach the host and the metadata service": async (target) => {
    const service = await listen("0.0.0.0", LOOT);
    const own = await addressIn(target, OTHER);
    const hosts = [...hostsOwn(), own.replace(/\.\d+$/, ".1"), "127.0.0.1", "169.254.169.254"];
    const api = Number(new URL(target.server.gateway).port);
    const ports = [portOf(service), api];
    const loot = await reached(
      target,
      hosts.flatMap((host) => ports.map((port): Place => [host, port])),
    );
    service.close();
    return nothingOf(loot, `${hosts.length} addresses refused`);
  },

  "reach another organization's container, or a neighbour": async (target) => {
    const other = await addressIn(target, OTHER);
    const neighbour = await addressIn(target, "dispatch-server");
    const places = [other, neighbour].flatMap((host) => [8080, 9000].map((port): Place => [host, port]));
    return nothingOf(await reached(target, places), "refused");
  },

  "have the host's network": async (target) => {
    const caller = await target.as(OTHER);
    const name = "on-the-host";
    const body = await caller
      .createFunction(name, { "f.js": "module.exports = () => 1;" }, { network: "host" })
      .catch((error: Error) => ({ status: "refused", reason: [error.message] }));
    return judge(body.status !== "READY", body.reason?.join() ?? body.status);
  },

  "build on another organization's image": async (target) => {
    await target.as(OTHER);
    const images = await target.docker.engine.images({ "io.dispatchframework.kind": "image" });
    const dockerUrl = images.flatMap(({ RepoTags }) => RepoTags ?? [])[0] ?? "";
    const caller = await target.as("thieves");
    await caller.post("/v1/baseimage", { name: "stolen", dockerUrl, language: "nodejs" });
    const status = async (): Promise<string> => {
      const { text } = await caller.get("/v1/baseimage/stolen");
      return text;
    };
    let text = await status();
    for (const end = performance.now() + 30_000; !/ERROR|READY/.test(text) && performance.now() < end; ) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      text = await status();
    }
    return judge(dockerUrl !== "" && /made by a server of Dispatch/.test(text), text);
  },

  "start processes without end": async (target) => {
    const source = `const { spawn } = require("node:child_process");
    module.exports = async () => { let refused = 0;
      for (let i = 0; i < 3000 && refused < 20; i += 1) await new Promise((go) => {
        const child = spawn("/bin/sh", ["-c", "read x"]);
        child.once("error", () => { refused += 1; go(); }); child.once("spawn", go); });
      return refused; };`;
    const refused = await target.outputOf(source);
    return judge(refused === 20 && (await isAlive(target)), `${refused} refused, the server answers`);
  },

  "take all memory": async (target) => {
    const { error } = await target.evaluate(
      "module.exports = () => { const all = []; for (;;) all.push(Buffer.alloc(4e6, 1)); };",
    );
    return judge(
      /memory limit/.test(error?.message ?? "") && (await isAlive(target)),
      error?.message ?? "it ended well",
    );
  },

  "fill the disk": async (target) => {
    const source = `const fs = require("node:fs");
    module.exports = () => { let n = 0; try { for (; n < 2000; n += 1) fs.writeFileSync("/tmp/" + n, Buffer.alloc(1e6)); } catch (error) { return error.code; } return n; };`;
    const found = await target.outputOf(source);
    return judge(found === "ENOSPC", found);
  },
});

const isAlive = async (target: ContainerTarget): Promise<boolean> => {
  const answer = await target.as("dispatch-server").then((caller) => caller.get("/v1/function"));
  return answer.status === 200;
};
