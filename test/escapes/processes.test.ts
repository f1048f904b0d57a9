import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  createHarness,
  evaluate,
  findObstacle,
  type Harness,
  invoke,
  run,
  startFunction,
  suiteName,
} from "../contract/runtime-harness.ts";
import { commandOf, descendants, processesCalled } from "./support.ts";

const obstacle = await findObstacle();

const statusField = (pid: number, field: string): string =>
  new RegExp(`^${field}:[ \\t]*(.*)$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "";

/** The processes of all sandboxes of this test: bubblewrap and what it started. */
const sandboxed = (): number[] =>
  descendants(process.pid).filter((pid) => /^bwrap |\/opt\/dispatch\/|site-packages|sleep 123/.test(commandOf(pid)));

describe.skipIf(obstacle !== undefined)(suiteName("a hostile function and other processes", obstacle), () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await createHarness();
  });
  afterAll(() => harness.close());

  const evaluatePython = (source: string, payload: unknown = null) =>
    evaluate(harness.runtime, "python3", source, { payload });

  test("it sees its own processes only", async () => {
    const source = `
import os
def handle(context, payload):
    pids = [name for name in os.listdir("/proc") if name.isdigit()]
    return [pids, [open("/proc/" + pid + "/cmdline").read().split("\\0")[0].split("/")[-1] for pid in pids if pid != "1"]]`;
    const [pids, seen] = (await evaluatePython(source)) as [string[], string[]];
    expect(pids).toEqual(["1", "2"]);
    expect(seen).toEqual([expect.stringMatching(/^python3/)]);
  });

  test("nothing in /proc tells of the server's environment, its folders or its arguments", async () => {
    const source = `
import os
def handle(context, words):
    leaks = []
    for folder, folders, files in os.walk("/proc"):
        if folder == "/proc": folders[:] = ["1", "2", "self", "sys", "net"]
        if folder.count("/") > 5: folders[:] = []
        for name in files:
            if name in ("kmsg", "mem", "pagemap", "kcore", "clear_refs") or "task" in folder: continue
            path = os.path.join(folder, name)
            try: descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            except OSError: continue
            try: text = os.pread(descriptor, 200000, 0).decode("latin1")
            except OSError: text = ""
            os.close(descriptor)
            leaks += [[path, word] for word in words if word in text]
    return leaks`;
    process.env.DISPATCH_TEST_SECRET = "only-the-server-knows";
    // The root field of mountinfo names the host's path of a bind; nothing secret lies in a path, and no kernel hides it.
    const leaks = (await evaluatePython(source, ["only-the-server-knows", harness.folder])) as [string, string][];
    delete process.env.DISPATCH_TEST_SECRET;
    expect(leaks.filter(([path]) => !path.endsWith("mountinfo"))).toEqual([]);
  });

  test("it has no descriptor besides its own three streams, copies of two, its channel and a file of /proc", async () => {
    const source = `
import os
def handle(context, payload):
    kept = []
    for name in os.listdir("/proc/self/fd"):
        try: kept.append([int(name), os.readlink("/proc/self/fd/" + name).split(":")[0]])
        except OSError: pass
    return sorted(kept)`;
    const pipe = expect.stringMatching(/\/pipes\/\d+ \(deleted\)$/);
    expect(await evaluatePython(source)).toEqual([
      [0, "/dev/null"],
      [1, pipe],
      [2, pipe],
      [3, "socket"],
      [4, "/proc/loadavg"], // by which the guest notices that the function has started processes
      [7, pipe],
      [8, pipe],
    ]);
  });

  test("it can write to its outputs by name, and neither read them nor change who may", async () => {
    const source = `
import os
def handle(context, payload):
    results = []
    for attempt in (lambda: os.open("/dev/stdout", os.O_RDONLY), lambda: os.open("/dev/stdout", os.O_RDWR), lambda: os.chmod("/dev/stdout", 0o666), lambda: os.open("/dev/stdout", os.O_WRONLY)):
        try: attempt(); results.append("done")
        except OSError as error: results.append(type(error).__name__)
    return results`;
    const refused = process.getuid?.() === 0 ? "PermissionError" : "done"; // an ordinary user's functions are that user
    expect(await evaluatePython(source)).toEqual([refused, refused, refused, "done"]);
  });

  test("it cannot signal a process outside", async () => {
    const bystander = spawn("sleep", ["60"]);
    const source = `
import os
def handle(context, pids):
    results = []
    for pid in pids:
        try: os.kill(pid, 9); results.append("killed")
        except OSError as error: results.append(type(error).__name__)
    return results`;
    const [outside, server] = (await evaluatePython(source, [bystander.pid, process.pid])) as string[];
    expect([outside, server]).toEqual(["ProcessLookupError", "ProcessLookupError"]);
    expect(bystander.exitCode).toBeNull();
    bystander.kill();
  });

  test("it is never root outside, has no capability and can gain none", async () => {
    const worker = await startFunction(harness.runtime, "python3", "import time\ndef handle(c, p): time.sleep(60)");
    await invoke(worker, null).started;
    const pids = sandboxed();
    expect(pids.length).toBeGreaterThanOrEqual(3);
    for (const pid of pids) {
      const command = commandOf(pid);
      expect(statusField(pid, "Uid"), command).not.toMatch(/\b0\b/);
      expect(statusField(pid, "Gid"), command).not.toMatch(/\b0\b/);
      expect(statusField(pid, "Groups").trim(), command).toBe(
        process.getuid?.() === 0 ? "" : statusField(process.pid, "Groups").trim(),
      );
    }
    const functionPid = pids.find(
      (pid) => commandOf(pid).includes("/opt/dispatch/guest") && !commandOf(pid).startsWith("bwrap"),
    );
    expect(functionPid).toBeDefined();
    for (const set of ["CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb"]) {
      expect(statusField(functionPid ?? 0, set)).toMatch(/^0+$/);
    }
    expect(statusField(functionPid ?? 0, "NoNewPrivs")).toBe("1");
    expect(statusField(functionPid ?? 0, "Seccomp")).toBe("2");
    await worker.stop("retired");
  });

  test("a fork bomb hits its own limit; the server and other functions go on", async () => {
    const bomb = `
import os, time
def handle(context, payload):
    made = 0
    while True:
        try:
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            made += 1
        except OSError:
            return made`;
    const other = await startFunction(harness.runtime, "python3", "def handle(c, p): return p");
    const bomber = await startFunction(harness.runtime, "python3", bomb, { limits: { pids: 32 } });
    const { output } = await run(bomber);
    expect(Number(output)).toBeLessThan(32);
    expect((await run(other, "still here")).output).toBe('"still here"');
    await Promise.all([bomber.stop("retired"), other.stop("retired")]);
  });

  test("what it leaves running ends with its worker", async () => {
    const source = `
import subprocess, time
def handle(context, payload):
    subprocess.Popen(["sleep", "1234567"], start_new_session=True)
    print("it runs", flush=True)
    time.sleep(600)`;
    const worker = await startFunction(harness.runtime, "python3", source);
    const { heard } = invoke(worker, null);
    await vi.waitFor(() => expect(heard).toEqual(["stdout: it runs"]));
    const left = (): number[] => processesCalled("sleep 1234567");
    expect(left()).toHaveLength(1);
    await worker.stop("retired");
    expect(left()).toEqual([]);
  });
});
