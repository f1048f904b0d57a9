import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { childrenOf } from "./sandboxed-process.ts";

const program = `import { openInside } from ${JSON.stringify(fileURLToPath(new URL("./door.ts", import.meta.url)))};
  const listeners = Array.from({ length: 20 }, () => ({ host: "127.0.0.1", port: 0, answer: () => {} }));
  for (;;) await openInside([], listeners).then((all) => all.forEach((one) => one.close()));`;

const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test("whoever opens a door ends with the server that is killed at that moment", async () => {
  for (const delay of [0, 40, 80, 120]) {
    const server = spawn(process.execPath, ["--input-type=module-typescript", "-e", program]);
    const { pid = 0 } = server;
    await expect.poll(() => childrenOf(pid).length, { timeout: 10_000, interval: 5 }).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, delay));
    const openers = childrenOf(pid);
    server.kill("SIGKILL");
    await once(server, "exit");
    await expect.poll(() => openers.some(lives), { timeout: 5000 }).toBe(false);
  }
});
