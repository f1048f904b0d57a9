/** What a run starts ends with it, or is told apart from the runs that follow. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Afterwards, Language, Outcome, Worker } from "../../src/core/shared/ports.ts";
import { createHarness, findObstacle, type Harness, invoke, startFunction, suiteName } from "./runtime-harness.ts";

const obstacle = await findObstacle();

/** Kills nothing that it finds; a daemon that has left its session and its parent. */
const daemon = (text: string): string => `setsid sh -c "sleep 0.3; echo ${text}; sleep 60" & sleep 60 & true`;

describe.skipIf(obstacle !== undefined)(suiteName("after a run", obstacle), () => {
  let harness: Harness;
  const workers: Worker[] = [];
  const told: Afterwards[] = [];

  const start = async (language: Language, source: string): Promise<Worker> => {
    const worker = await startFunction(harness.runtime, language, source, { afterwards: (event) => told.push(event) });
    workers.push(worker);
    told.length = 0;
    return worker;
  };
  const ran = async (worker: Worker, payload: unknown, id: string): Promise<Outcome> => {
    const outcome = await invoke(worker, payload, {}, id).ended;
    if (outcome === "returned") throw new Error("the invocation was returned");
    return outcome;
  };
  const heard = async (text: string): Promise<Afterwards> => {
    for (let times = 0; times < 100; times += 1) {
      const found = told.find((event) => event.text.includes(text));
      if (found !== undefined) return found;
      await sleep(20);
    }
    throw new Error(`nobody told of ${text}, only ${JSON.stringify(told)}`);
  };

  beforeAll(async () => {
    harness = await createHarness();
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop("retired")));
    await harness.close();
  });

  describe.each<[Language, string, string]>([
    [
      "nodejs",
      `const { execSync, spawn } = require("node:child_process");
       const helper = spawn("sleep", ["1000"]);
       module.exports = async (context, { command, seconds = 0 }) => {
         if (command) execSync(command, { stdio: "inherit" });
         await new Promise((go) => setTimeout(go, seconds * 1000));
         return { helper: helper.exitCode === null && helper.signalCode === null, sleeping: Number(execSync("cat /proc/[0-9]*/comm 2>/dev/null | grep -c sleep").toString()) };
       };`,
      "",
    ],
    [
      "python3",
      `import os, subprocess, time
helper = subprocess.Popen(["sleep", "1000"])
def handle(context, payload):
    if payload.get("command"): subprocess.run(payload["command"], shell=True)
    time.sleep(payload.get("seconds", 0))
    return {"helper": helper.poll() is None, "sleeping": int(subprocess.check_output("cat /proc/[0-9]*/comm 2>/dev/null | grep -c sleep", shell=True))}`,
      "",
    ],
  ])("%s", (language, source) => {
    test("the processes of a run end with it, daemons as well, and the run's log says so", async () => {
      const worker = await start(language, source);
      const first = await ran(worker, { command: daemon("from Ada") }, "ada");
      expect(first.logs.stderr?.join("\n")).toMatch(
        /^dispatch: the run left processes behind, which were ended: .*sleep/,
      );
      const second = await ran(worker, { seconds: 0.6 }, "bob");
      expect(JSON.stringify(second.logs)).not.toContain("Ada");
      expect(JSON.parse(second.output ?? "")).toEqual({ helper: true, sleeping: 1 });
      expect(second.logs.stderr).toBeNull();
    });

    test("a helper that was started while the function was loaded goes on", async () => {
      const worker = await start(language, source);
      await ran(worker, { command: "sleep 60 &" }, "first");
      expect(JSON.parse((await ran(worker, {}, "second")).output ?? "")).toMatchObject({ helper: true });
    });
  });

  test("Node.js: what timers and promises of an ended run print goes to whoever is told, never into another run", async () => {
    const worker = await start(
      "nodejs",
      `module.exports = async (context, { who, after }) => {
        if (after) setTimeout(async () => { console.log("late for " + who, "hunter2"); await null; console.error("and more for " + who); }, after);
        else await new Promise((go) => setTimeout(go, 300));
        console.log("of " + who);
      };`,
    );
    await ran(worker, { who: "Ada", after: 100 }, "ada");
    const bob = await ran(worker, { who: "Bob" }, "bob");
    expect(bob.logs).toEqual({ stdout: ["of Bob"], stderr: null });
    expect(told).toEqual([
      { kind: "stdout", text: "late for Ada ***", run: "ada" },
      { kind: "stderr", text: "and more for Ada", run: "ada" },
    ]);
  });

  test("Node.js: a failure after the result is told by the run's name, and costs no other run", async () => {
    const worker = await start(
      "nodejs",
      `module.exports = async (context, { fail, wait }) => {
        if (fail) setTimeout(() => Promise.reject(new Error("the audit could not be written")), fail);
        await new Promise((go) => setTimeout(go, wait));
        return "done";
      };`,
    );
    await ran(worker, { fail: 100, wait: 0 }, "ada");
    expect((await ran(worker, { wait: 300 }, "bob")).output).toBe('"done"');
    expect(await heard("the audit could not be written")).toMatchObject({ kind: "failure", run: "ada" });
    expect((await worker.exited).reason).toBe("exited");
    expect(told).toHaveLength(1);
  });

  test.each<[string, Language, string, RegExp]>([
    [
      "a timer throws",
      "nodejs",
      'module.exports = () => { setTimeout(() => { throw new Error("late") }, 20); };',
      /late/,
    ],
    [
      "a timer leaves",
      "nodejs",
      "module.exports = () => { setTimeout(() => process.exit(3), 20); };",
      /ended its process \(exit code 3\)/,
    ],
    [
      "a thread leaves",
      "python3",
      "import os, threading\ndef handle(context, payload): threading.Timer(0.05, lambda: os._exit(4)).start()",
      /ended its process \(exit code 4\)/,
    ],
  ])("a worker that ends between runs is told: %s", async (_name, language, source, text) => {
    const worker = await start(language, source);
    await ran(worker, null, "the last");
    await worker.exited;
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ kind: "failure", run: "the last" });
    expect(told[0]?.text).toMatch(text);
  });

  test("Python: tasks of a run are cancelled with it, and its log says so", async () => {
    const worker = await start(
      "python3",
      `import asyncio
async def later(who):
    try:
        await asyncio.sleep(0.05)
        print("done for", who)
    finally:
        print("over for", who)
async def handle(context, payload):
    if payload.get("start"): asyncio.create_task(later(payload["who"]))
    await asyncio.sleep(payload.get("seconds", 0))
    return payload["who"]`,
    );
    const ada = await ran(worker, { who: "Ada", start: true }, "ada");
    expect(ada.logs.stdout).toEqual(["over for Ada"]);
    expect(ada.logs.stderr).toEqual([
      "dispatch: the handler returned before its tasks had ended, so they were cancelled: later",
    ]);
    const bob = await ran(worker, { who: "Bob", seconds: 0.2 }, "bob");
    expect(bob.logs).toEqual({ stdout: null, stderr: null });
  });

  test("Python: a task that does not let itself be cancelled costs the worker, not the next run's log", async () => {
    const worker = await start(
      "python3",
      `import asyncio
async def stubborn():
    while True:
        try: await asyncio.sleep(0.05)
        except asyncio.CancelledError: pass
async def handle(context, payload):
    asyncio.create_task(stubborn())
    return "done"`,
    );
    const outcome = await ran(worker, null, "one");
    expect(outcome.output).toBe('"done"');
    expect(outcome.logs.stderr?.at(-1)).toMatch(/the worker is ended after this run: stubborn/);
    expect((await worker.exited).reason).toBe("exited");
  });

  test("Python: what threads and timers of an ended run print goes to whoever is told; an executor's is the run's", async () => {
    const worker = await start(
      "python3",
      `import asyncio, threading, time
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
def later(who):
    time.sleep(0.1)
    print("thread of", who)
async def handle(context, payload):
    who = payload["who"]
    pool.submit(print, "pool of", who).result()
    if payload.get("start"):
        threading.Thread(target=later, args=(who,)).start()
        asyncio.get_running_loop().call_later(0.1, print, "timer of", who)
    else: await asyncio.sleep(0.3)`,
    );
    const ada = await ran(worker, { who: "Ada", start: true }, "ada");
    expect(ada.logs.stdout).toEqual(["pool of Ada"]);
    const bob = await ran(worker, { who: "Bob" }, "bob");
    expect(bob.logs).toEqual({ stdout: ["pool of Bob"], stderr: null });
    expect(told.map(({ text, run }) => `${run}: ${text}`).toSorted()).toEqual([
      "ada: thread of Ada",
      "ada: timer of Ada",
    ]);
  });

  test("Python: a process that the handler forked ends where the handler ends", async () => {
    const worker = await start(
      "python3",
      "import os\ndef handle(context, payload):\n    child = os.fork()\n    if child: os.waitpid(child, 0)\n    print('parent' if child else 'child')\n    return bool(child)",
    );
    const outcome = await ran(worker, null, "one");
    expect(outcome).toMatchObject({ output: "true", logs: { stdout: ["child", "parent"] } });
    expect((await ran(worker, null, "two")).output).toBe("true");
  });

  test("Python: what a C library prints belongs to the run that called it", async () => {
    const worker = await start(
      "python3",
      "import ctypes\nlibc = ctypes.CDLL(None)\ndef handle(context, who):\n    libc.printf(b'%s\\n', who.encode())",
    );
    expect((await ran(worker, "Ada", "ada")).logs.stdout).toEqual(["Ada"]);
    expect((await ran(worker, "Bob", "bob")).logs.stdout).toEqual(["Bob"]);
  });

  test("Node.js: a function that listens for errors decides itself what becomes of them", async () => {
    const worker = await start(
      "nodejs",
      `process.on("uncaughtException", (error) => console.log("caught " + error.message));
       module.exports = () => new Promise((go) => { setTimeout(() => { throw new Error("mine"); }, 1); setTimeout(go, 30, "done"); });`,
    );
    for (const id of ["one", "two"]) {
      expect(await ran(worker, null, id)).toMatchObject({ output: '"done"', logs: { stdout: ["caught mine"] } });
    }
  });

  test.each<[string, string]>([
    ["closes", "os.close(1); os.close(2)"],
    ["replaces", "os.dup2(os.open('/dev/null', os.O_WRONLY), 1)"],
    ["closes after half a line", "print('half', end=''); os.close(1)"],
  ])("Python: a run that %s its descriptors does so for itself only", async (_name, closing) => {
    const source = `import os, sys\ndef handle(context, payload):\n  print('heard'); print('too', file=sys.stderr)\n  os.system('echo child')\n  ${closing}`;
    const worker = await start("python3", source);
    for (let at = 0; at < 2; at += 1) {
      const { logs, output } = await ran(worker, at, "ada");
      expect(output).toBe("null");
      expect(logs.stdout?.slice(0, 2)).toEqual(["heard", "child"]);
      expect(logs.stderr).toEqual(["too"]);
    }
  });

  test("Node.js: a run that closes its stdout loses no output, and the next one gets a new worker", async () => {
    const worker = await start(
      "nodejs",
      'const fs = require("node:fs"); module.exports = (context, closes) => { if (!closes) return; fs.closeSync(1); fs.openSync("/dev/null", "w"); console.log("heard"); return "x".repeat(900000); };',
    );
    await ran(worker, false, "earlier");
    const { logs, output } = await ran(worker, true, "ada");
    expect(logs.stdout).toEqual(["heard"]);
    expect(output).toHaveLength(900_002);
    expect(await heard("closed or replaced its stdout")).toMatchObject({ kind: "failure", run: "ada" });
    await worker.exited;
  });
});
