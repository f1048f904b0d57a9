/** A Python worker that nobody wants yet rehearses: that it does, and that a function sees nothing of it. */
import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findInterpreter } from "../../../src/adapters/languages/languages.ts";
import { encodeBundle } from "../../../src/core/functions/bundle.ts";
import type { Worker } from "../../../src/core/shared/ports.ts";
import { createHarness, findObstacle, type Harness, LIMITS, run, startGeneric, suiteName } from "../runtime-harness.ts";

const REHEARSED_MS = 1500;

/** What a rehearsal could have left behind. */
const LOOKING = `
import builtins, os, sys, threading

def handle(context, payload):
    return {
        "modules": sorted(sys.modules),
        "path": sys.path,
        "importers": sorted(path for path in sys.path_importer_cache if "dispatch" in path),
        "lines": sorted(sys.modules["linecache"].cache),
        "import": builtins.__import__.__module__,
        "descriptors": len(os.listdir("/proc/self/fd")),
        "files": [os.listdir("/tmp"), sorted(os.listdir("/function"))],
        "folder": os.getcwd(),
        "environment": sorted(os.environ),
        "threads": threading.active_count(),
        "outputs": [sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__],
    }
`;

const guests = fileURLToPath(new URL("../../../src/guest", import.meta.url));
const search = await findInterpreter("python3");
const obstacle = (await findObstacle()) ?? (search.found ? undefined : search.reason);

describe.skipIf(obstacle !== undefined)(suiteName("the rehearsal of Python", obstacle), () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await createHarness();
  });
  afterAll(() => harness.close());

  const look = async (worker: Worker): Promise<unknown> => {
    const bundle = encodeBundle([{ path: "look.py", mode: 0o644, bytes: Buffer.from(LOOKING) }]);
    await worker.load({ handler: "look.handle", bundle, environment: {}, limits: LIMITS });
    const { output, error, logs } = await run(worker, {});
    return { error, logs, seen: error === undefined ? JSON.parse(output) : undefined };
  };

  test("leaves nothing that a function could see", async () => {
    const waiting = await startGeneric(harness.runtime, "python3");
    await sleep(REHEARSED_MS);
    const fresh = await startGeneric(harness.runtime, "python3");
    const [rehearsed, unrehearsed] = [await look(waiting), await look(fresh)];
    expect(rehearsed).toEqual(unrehearsed);
    expect(rehearsed).toMatchObject({ error: undefined, logs: { stdout: null, stderr: null }, seen: { lines: [] } });
  });

  test("goes through a load and its runs to their ends, ends no process, and does nothing when a function comes first", async () => {
    const program = `
import json, sys
sys.path.insert(0, ${JSON.stringify(`${guests}/python3`)})
from dispatch_guest import rehearsal
from dispatch_guest.channel import ERROR, RESULT

sent = []
def hear(self, kind, number, body=b""):
    sent.append(kind)
rehearsal.Silent.send = rehearsal.Silent.flush = rehearsal.Silent.post = hear

class Channel:
    def __init__(self, wanted):
        self.waiting = lambda milliseconds: wanted

class Leftovers:
    def __init__(self):
        self.kept = self.ended = 0
    def keep(self):
        self.kept += 1
    def end(self):
        self.ended += 1

told = [Leftovers(), Leftovers()]
rehearsal.rehearse_unless_wanted(Channel(False), told[0])
ends = [sent.count(RESULT), sent.count(ERROR)]
rehearsal.rehearse_unless_wanted(Channel(True), told[1])
print(json.dumps([[one.kept, one.ended] for one in told] + [ends, [sent.count(RESULT), sent.count(ERROR)]]))
`;
    const python = search.found ? search.interpreter.command : "python3";
    const { stdout } = await promisify(execFile)(python, ["-I", "-S", "-B", "-c", program]);
    expect(JSON.parse(stdout)).toEqual([
      [1, 0],
      [0, 0],
      [2, 1],
      [2, 1],
    ]);
  });
});
