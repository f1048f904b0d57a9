/** The socket of an exposed program, here of one that listens when it is told to. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { socketsIn } from "./listening.ts";

const PROGRAM = `process.stdin.once("data", () => require("net").createServer(() => {}).listen({ fd: 3 }));`;

test("callers whom the program has not let in are seen to wait in vain, until it listens", async () => {
  const folder = await mkdtemp(join(tmpdir(), "listening-"));
  const listening = await socketsIn(folder)();
  const child = spawn(process.execPath, ["-e", PROGRAM], { stdio: ["pipe", "ignore", "ignore", listening.descriptor] });
  listening.release();
  expect(listening.isDeaf).toBe(false);
  const caller = connect({ path: listening.path });
  onTestFinished(async () => {
    caller.destroy();
    child.kill("SIGKILL");
    await once(child, "close");
    await rm(folder, { recursive: true });
  });
  await once(caller, "connect");
  expect(listening.isDeaf).toBe(true);
  child.stdin?.write("go\n");
  await expect.poll(() => listening.isDeaf, { timeout: 20_000 }).toBe(false);
});
