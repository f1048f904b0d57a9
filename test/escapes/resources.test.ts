import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createHarness,
  findMemoryObstacle,
  findObstacle,
  type Harness,
  run,
  startFunction,
  suiteName,
} from "../contract/runtime-harness.ts";
import { KERNEL_ASKER, KERNEL_TAKER } from "./hostile.ts";

const obstacle = await findObstacle();
const memoryObstacle = await findMemoryObstacle();

describe.skipIf(obstacle !== undefined)(suiteName("a greedy function", obstacle), () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await createHarness();
  });
  afterAll(() => harness.close());

  const stillServes = async (): Promise<void> => {
    const other = await startFunction(harness.runtime, "python3", "def handle(c, p): return p");
    expect((await run(other, 1)).output).toBe("1");
    await other.stop("retired");
  };

  test.skipIf(memoryObstacle !== undefined).each([
    ["python3", "def handle(c, p):\n    return len([bytearray(b'x' * (1 << 26)) for _ in range(64)])"],
    ["nodejs", "module.exports = () => Array.from({ length: 64 }, () => Buffer.alloc(1 << 26, 1)).length;"],
  ] as const)(
    suiteName("of %s that takes 4 GB ends with its worker, by name", memoryObstacle),
    async (language, source) => {
      const worker = await startFunction(harness.runtime, language, source, { limits: { memory: 128 } });
      expect((await run(worker)).error?.message).toBe("the function exceeded its memory limit of 128 MB");
      await stillServes();
    },
  );

  const hides = suiteName("that hides memory in a file system or a child meets the same limit", memoryObstacle);
  test.skipIf(memoryObstacle !== undefined)(hides, async () => {
    const source = `
import subprocess, sys
def handle(c, p):
    child = "import time\\nall = [bytearray(b'x' * (1 << 24)) for _ in range(64)]\\ntime.sleep(60)"
    return subprocess.run([sys.executable, "-I", "-S", "-c", child]).returncode`;
    const worker = await startFunction(harness.runtime, "python3", source, { limits: { memory: 128 } });
    const { output, error } = await run(worker);
    expect(output === "-9" || error?.message === "the function exceeded its memory limit of 128 MB").toBe(true);
    await worker.stop("retired");
    const filler = "def handle(c, p):\n    open('/function/x', 'wb').write(bytes(200 << 20))";
    const writer = await startFunction(harness.runtime, "python3", filler, { limits: { memory: 128 } });
    expect((await run(writer)).error?.message).toContain("memory limit of 128 MB");
    await stillServes();
  });

  test("that opens files without end has 4,096 of them", async () => {
    const source = `
import os, resource
def handle(c, p):
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    count = 0
    try:
        while True:
            os.dup(0)
            count += 1
    except OSError: os.closerange(10, most)
    return [usual, count <= most, most]`;
    const worker = await startFunction(harness.runtime, "python3", source);
    expect((await run(worker)).output).toBe("[1024,true,4096]");
    await worker.stop("retired");
  });

  test.skipIf(memoryObstacle !== undefined)(
    suiteName("that fills the buffers of sockets stays near its limit", memoryObstacle),
    async () => {
      const source = `
import socket, time
def handle(c, p):
    server = socket.create_server(("127.0.0.1", 0))
    kept, sent = [server], 0
    for _ in range(300):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        one.connect(server.getsockname())
        other, _ = server.accept()
        one.setblocking(False)
        kept += [one, other]
        try:
            while True: sent += one.send(b"x" * 65536)
        except OSError: pass
        if sent > 120 << 20: break
    return sent >> 20`;
      const worker = await startFunction(harness.runtime, "python3", source, { limits: { memory: 64 } });
      const { output, error } = await run(worker);
      await worker.stop("retired");
      if (error !== undefined) expect(error.message).toContain("memory limit of 64 MB");
      else expect(Number(output)).toBeLessThan(64);
    },
  );

  const PATTERN = "/proc/sys/kernel/core_pattern";
  const patternObstacle = ((): string | undefined => {
    try {
      writeFileSync(PATTERN, readFileSync(PATTERN));
      return undefined;
    } catch {
      return "only root can choose the machine's program for core dumps";
    }
  })();
  test.skipIf(patternObstacle !== undefined)(
    suiteName("that crashes starts no program of the machine for its core", patternObstacle),
    async () => {
      const seen = join(harness.folder, "core-seen");
      const handler = join(harness.folder, "core-handler");
      writeFileSync(handler, `#!/bin/sh\ncat >/dev/null\necho $1 >>${seen}\n`);
      chmodSync(handler, 0o755);
      const crash = `
import os, resource
def handle(c, p):
    try: resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (OSError, ValueError): pass
    os.abort()`;
      const before = readFileSync(PATTERN);
      writeFileSync(PATTERN, `|${handler} %e`);
      try {
        const worker = await startFunction(harness.runtime, "python3", crash);
        expect((await run(worker)).error?.message).toContain("SIGABRT");
        spawnSync("sh", ["-c", "kill -ABRT $$"]); // shows that the trap works
        await expect.poll(() => existsSync(seen), { timeout: 5000 }).toBe(true);
        expect(readFileSync(seen, "utf8")).toBe("sh\n");
      } finally {
        writeFileSync(PATTERN, before);
        rmSync(handler);
      }
    },
  );

  test("that writes 50 MB of log leaves 1 MB and a line that says so", async () => {
    const source =
      "import os\nline = b'x' * 99 + b'\\n'\ndef handle(c, p):\n    for _ in range(50): os.write(1, line * 10000)";
    const worker = await startFunction(harness.runtime, "python3", source);
    const { logs, output } = await run(worker);
    expect(output).toBe("null");
    expect(logs.stdout?.length).toBeLessThan(10_600);
    expect(logs.stdout?.at(-1)).toMatch(/^\.\.\. log limit of 1 MB reached, the rest is left out \(\d+ bytes\)$/);
    expect((await run(worker)).logs.stdout?.length).toBeLessThan(10_600);
    await stillServes();
  });

  test("that writes without end loses its worker, and the run says why", async () => {
    const source = "import os\ndef handle(c, p):\n    while True: os.write(1, b'x' * 65535 + b'\\n')";
    const worker = await startFunction(harness.runtime, "python3", source);
    const { error, logs } = await run(worker);
    expect(error?.message).toBe("the worker was ended because it wrote output without end, more than 16 MB a second");
    expect(logs.stdout?.at(-1)).toContain("log limit of 1 MB reached");
    await stillServes();
  });

  test("that sends its worker's messages without end loses it, too", async () => {
    const source = `
import os, struct
def handle(c, p):
    body = b'{"stream":"stdout","text":"late"}'
    frame = struct.pack(">IIB", len(body), 0, 21) + body
    for _ in range(100000): os.write(3, frame)`;
    const worker = await startFunction(harness.runtime, "python3", source);
    const { error } = await run(worker);
    expect(error?.message).toContain("the worker was ended because it sent messages without end");
    await stillServes();
  });

  test("that writes one endless line leaves 1 MB of it", async () => {
    const source = "import os\ndef handle(c, p):\n    for _ in range(300): os.write(2, b'x' * 100000)";
    const worker = await startFunction(harness.runtime, "python3", source);
    const { logs } = await run(worker);
    const left = 30_000_000 - 1024 * 1024;
    expect(logs.stderr?.[0]?.length).toBe(1024 * 1024);
    expect(logs.stderr?.slice(1)).toEqual([`... log limit of 1 MB reached, the rest is left out (${left} bytes)`]);
    await stillServes();
  });
});

const shared = process.getuid?.() === 0 ? undefined : "the server is not root: its sandboxes are all its own user";

describe.skipIf(obstacle !== undefined)(
  suiteName("a function that takes all that the kernel gives to a user", obstacle),
  () => {
    let harness: Harness;
    beforeAll(async () => {
      harness = await createHarness();
    });
    afterAll(() => harness.close());

    test.skipIf(shared !== undefined)(suiteName("leaves others theirs", shared), async () => {
      const [taker, asker] = await Promise.all([
        startFunction(harness.runtime, "python3", KERNEL_TAKER),
        startFunction(harness.runtime, "python3", KERNEL_ASKER),
      ]);
      expect(Number((await run(taker)).output)).toBeGreaterThan(20);
      expect((await run(asker)).output).toBe("[true,1048576]");
      await Promise.all([taker.stop("retired"), asker.stop("retired")]);
    });

    test("hears at the start of an ordinary user's server that it is shared", () => {
      const told = harness.sandbox.warnings.some((warning) => warning.includes("inotify"));
      expect(told).toBe(shared !== undefined);
    });
  },
);
