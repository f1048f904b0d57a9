/** A server that is killed without warning leaves nothing behind, or what the next one removes. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { createHarness, findObstacle, suiteName } from "../contract/runtime-harness.ts";
import { descendants, isAlive } from "./support.ts";

const obstacle = await findObstacle("isolated");

/** A little server: one worker that is busy, in a network of its own. */
const PROGRAM = `
const { createHarness, startFunction, invoke } = await import(${JSON.stringify(new URL("../contract/runtime-harness.ts", import.meta.url).href)});
const harness = await createHarness({ door: { port: 8080, names: [], connection: (socket) => socket.end() } });
const worker = await startFunction(harness.runtime, "python3", "import time\\ndef handle(c, p): time.sleep(600)", { network: "isolated" });
await invoke(worker, null).started;
console.log("busy");
setInterval(() => {}, 1000);
`;

const groupsOf = (pid: number): string[] =>
  globSync(`/sys/fs/cgroup/**/dispatch-${pid}-*`).filter((path) => existsSync(path));

describe.skipIf(obstacle !== undefined)(suiteName("a server that is killed", obstacle), () => {
  let folder: string;
  let server: ChildProcess;
  let pids: number[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dispatch-death-"));
    server = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM], {
      env: { PATH: process.env.PATH, TMPDIR: folder },
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (server.stdout !== null) await once(server.stdout, "data");
    pids = descendants(server.pid ?? 0);
    server.kill("SIGKILL");
    await once(server, "exit");
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("takes its workers, their networks and its helpers with it", async () => {
    expect(pids.length).toBeGreaterThanOrEqual(5);
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 5000 });
  });

  test("leaves control groups that the next server removes", async () => {
    const pid = server.pid ?? 0;
    const harness = await createHarness();
    expect(groupsOf(pid)).toEqual([]);
    await harness.close();
    expect(groupsOf(process.pid)).toEqual([]);
  });

  test("leaves no mount on the host", () => {
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(folder);
    expect(readdirSync("/mnt")).toEqual(readdirSync("/mnt").filter((name) => !/^\d+$/.test(name)));
  });
});
