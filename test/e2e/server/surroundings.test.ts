/** Where a server is started: any umask, logs that cannot be written, terminals that go, text in other encodings. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { Dispatch, serverWith } from "../support/dispatch.ts";
import { startServer, temporaryFolder } from "../support/server.ts";
import { until } from "../support/until.ts";

const program = fileURLToPath(new URL("../../../bin/dispatch-server", import.meta.url));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** A server by a line of the shell, in which `$server` starts it; `exec` keeps its process id. */
async function startBy(line: string, flags: readonly string[] = ["--sandbox", "none"]) {
  const [port, gatewayPort, dataDir] = [await freePort(), await freePort(), await temporaryFolder()];
  const server = `${program} --data-dir ${dataDir} --port ${port} --gateway-port ${gatewayPort} ${flags.join(" ")}`;
  const child = spawn("bash", ["-c", line.replace("$server", server).replace("$folder", dataDir)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill();
      await once(child, "exit");
    }
    rmSync(dataDir, { recursive: true });
  });
  const url = `http://127.0.0.1:${port}`;
  const isThere = async () => ((await fetch(`${url}/healthz`).catch(() => undefined))?.ok ? true : undefined);
  await until("the server answers", isThere);
  return { child, url, dataDir, isThere };
}

test.each([
  ["a full disk", "exec $server >/dev/full 2>&1"],
  ["readers that went away", "exec $server > >(true) 2>&1"],
])("a log on %s neither ends nor holds up the server, and it stops as usual", async (_where, line) => {
  const { child, url, isThere } = await startBy(line);
  for (let n = 0; n < 5; n++)
    await fetch(`${url}/v1/secrets`, { headers: { Host: "example.com", "X-Dispatch-Org": "x" } });
  child.kill("SIGHUP");
  expect(await isThere()).toBe(true);
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});

test("a hang-up does not end a server without a terminal; it says how to stop it", async () => {
  const server = await startServer({ flags: ["--sandbox", "none"] });
  process.kill(server.pid, "SIGHUP");
  await until("it was said", async () => server.log.find(({ msg }) => msg === "going on: SIGTERM stops the server"));
  expect((await fetch(`${server.api}/healthz`)).status).toBe(200);
  await server.dispose();
});

test("a hang-up is heard from the beginning, before all is loaded: whoever logs out right after nohup loses nothing", async () => {
  const child = spawn(program, ["--version"], { stdio: ["ignore", "ignore", "inherit"] });
  const ended = once(child, "exit");
  while (child.exitCode === null && !hears(child.pid, 1)) await setImmediate();
  child.kill("SIGHUP");
  expect(await ended).toEqual([0, null]);
  expect(child.killed).toBe(true);
});

/** Whether a process has a handler of its own for a signal. */
function hears(pid: number | undefined, signal: number): boolean {
  try {
    const caught = /^SigCgt:\s+([\da-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return ((BigInt(`0x${caught ?? "0"}`) >> BigInt(signal - 1)) & 1n) === 1n;
  } catch {
    return false;
  }
}

test("a server whose terminal is closed stops, too", async () => {
  const { child, dataDir } = await startBy(`exec script -qefc 'echo $$ >$folder/pid; exec $server' /dev/null`);
  const pid = Number(readFileSync(join(dataDir, "pid"), "utf8"));
  onTestFinished(() => {
    if (isRunning(pid)) process.kill(pid, "SIGKILL");
  });
  child.kill("SIGKILL");
  await until("it is gone", () => (isRunning(pid) ? undefined : true));
});

test("a server whose terminal goes stops in the ordinary way", async () => {
  const { child, dataDir } = await startBy(`exec script -qefc 'echo $$ >$folder/pid; exec $server' /dev/null`);
  const ended = once(child, "exit");
  process.kill(Number(readFileSync(join(dataDir, "pid"), "utf8")), "SIGHUP");
  expect(await ended).toEqual([0, null]);
});

/** A process that ended and that nobody waited for is none. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

test("an argument that is not UTF-8 is refused with its byte", async () => {
  const child = spawn("bash", ["-c", `exec ${program} --data-dir $'/tmp/Zo\\xeb'`], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => said.push(chunk));
  expect(await once(child, "close")).toEqual([1, null]);
  expect(Buffer.concat(said).toString()).toContain("argument 2 is not UTF-8 (byte 7)");
});

test.each(["000", "077"])(
  "under umask %s what is private is private, and functions with dependencies run",
  async (mask) => {
    const { url, dataDir } = await startBy(`umask ${mask}; exec $server`, []);
    const dispatch = new Dispatch(url);
    await dispatch.post("/v1/baseimage", {
      name: "b",
      dockerUrl: "dispatchframework/nodejs-base:0.0.13",
      language: "nodejs",
    });
    const manifest = '\uFEFF{"dependencies":{"is-number":"7.0.0"}}';
    await dispatch.post("/v1/image", { name: "i", baseImageName: "b", runtimeDependencies: { manifest } });
    const source = "module.exports = () => require('is-number')(1)";
    expect(await dispatch.createFunction("f", { "f.js": source }, { image: "i" })).toMatchObject({ status: "READY" });
    expect((await dispatch.run("f", null)).output).toBe(true);
    const modes = Object.fromEntries(
      readdirSync(dataDir).map((name) => [name, statSync(join(dataDir, name)).mode & 0o777]),
    );
    expect(modes).toMatchObject({ "master.key": 0o600, "dispatch.db": 0o600, blobs: 0o700 });
    expect(Object.values(modes).filter((mode) => (mode & 0o022) !== 0)).toEqual([]);
  },
);

test("JSON that is not UTF-8 is refused with the byte, a byte order mark is no part of it", async () => {
  const { server } = await serverWith([], { flags: ["--sandbox", "none"] });
  onTestFinished(() => server.dispose());
  const post = async (body: Buffer) => {
    const headers = { "Content-Type": "application/json", "X-Dispatch-Org": "dispatch-server", Cookie: "cookie" };
    const answer = await fetch(`${server.api}/v1/secret`, { method: "POST", headers, body: new Uint8Array(body) });
    return { status: answer.status, text: await answer.text() };
  };
  const text = (password: string) => `{"name":"s","secrets":{"password":"${password}"}}`;
  const refused = await post(Buffer.from(text("Zo\xeb-1"), "latin1"));
  expect(refused).toMatchObject({ status: 400, text: expect.stringContaining("it is not UTF-8: byte 37 is 0xeb") });
  expect((await post(Buffer.from(`\uFEFF${text("Zo\xeb")}`))).status).toBe(201);
});
