/** The server's side of a house of clocks, beside real processes that are no good ones. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { expect, test } from "vitest";
import type { ProgramSpec } from "../../core/shared/ports.ts";
import type { SandboxedProcess } from "../runtime/process/sandbox.ts";
import { createHouses } from "./clock-house.ts";

/** Starts a clock in a house that does this. */
function inHouse(program: string) {
  const start = createHouses({
    spawn: async () =>
      processOf(spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "pipe", "pipe"] })),
    reasonOf: async ({ exited }) => `code ${(await exited).code}`,
  });
  const spec: Partial<ProgramSpec> = { house: "clocks o", network: "none", args: [], environment: {}, hello: () => {} };
  return start("cron", spec as ProgramSpec);
}

function processOf(child: ChildProcess): SandboxedProcess {
  const exited = once(child, "close").then(([code]) => ({ code, signal: null, memoryExceeded: false }));
  const { stdout, stderr } = child;
  const channel = child.stdio[3] as Duplex;
  return { child, stdout, stderr, channel, exited } as unknown as SandboxedProcess;
}

test("a process that ends without reading its orders ends its clocks, and nothing else", async () => {
  const { exited } = await inHouse("setTimeout(() => process.exit(9), 500)");
  expect(await exited).toBe("the process of the clocks: code 9");
});

test("a process that ends in the middle of a report ends its clocks, and nothing else", async () => {
  const half = '{"id":1,"hello":true}\\n{"id":1,"hel';
  const program = `const fs = require("fs"); fs.readSync(3, Buffer.alloc(10_000)); fs.writeSync(3, '${half}'); process.exit(9)`;
  const { exited } = await inHouse(program);
  expect(await exited).toBe("the process of the clocks: code 9");
});
