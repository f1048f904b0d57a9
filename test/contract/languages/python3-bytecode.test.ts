/** The guest of Python as it is built: it starts from its bytecode, and what it says of errors is the same. */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findInterpreter } from "../../../src/adapters/languages/languages.ts";
import { encodeBundle } from "../../../src/core/functions/bundle.ts";
import { createHarness, findObstacle, type Harness, LIMITS, run, startGeneric, suiteName } from "../runtime-harness.ts";

const LOOKING = `
import _imp, importlib.util, sys

def is_taken(module):
    with open(module.__file__, "rb") as source, open(module.__cached__, "rb") as compiled:
        head = compiled.read(16)
        digest = _imp.source_hash(importlib.util._RAW_MAGIC_NUMBER, source.read())
    return head[:4] == importlib.util.MAGIC_NUMBER and head[8:] == digest

def handle(context, payload):
    if payload.get("fail"):
        raise KeyError("mine")
    guest = {name: module for name, module in sys.modules.items() if name.startswith("dispatch_guest")}
    return {name: is_taken(module) for name, module in guest.items()}
`;

const guests = fileURLToPath(new URL("../../../dist/server/guest", import.meta.url));
const search = await findInterpreter("python3");
const obstacle = (await findObstacle()) ?? (search.found ? undefined : search.reason);

describe.skipIf(obstacle !== undefined)(suiteName("the built guest of Python", obstacle), () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await createHarness({ guestFolder: guests });
  });
  afterAll(() => harness.close());

  test("starts from bytecode of its own source, and its traces name the function's file alone", async () => {
    const worker = await startGeneric(harness.runtime, "python3");
    const bundle = encodeBundle([{ path: "look.py", mode: 0o644, bytes: Buffer.from(LOOKING) }]);
    await worker.load({ handler: "look.handle", bundle, environment: {}, limits: LIMITS });
    const { output, error } = await run(worker, {});
    expect(error).toBeUndefined();
    const modules = JSON.parse(output ?? "null") as Record<string, boolean>;
    expect(modules).toMatchObject({
      dispatch_guest: true,
      "dispatch_guest.runner": true,
      "dispatch_guest.output": true,
    });
    expect(Object.values(modules)).not.toContain(false);
    const failed = await run(worker, { fail: true });
    const trace = failed.error?.stacktrace?.join("\n");
    expect(trace).toContain('File "look.py", line 12, in handle');
    expect(trace).not.toContain("dispatch");
  });
});
