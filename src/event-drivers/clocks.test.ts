/** The house of clocks as a process, beside a server that does not answer. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";
import { expect, onTestFinished, test } from "vitest";

test("a clock that is to end does so at once, whatever it waits for", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  const child = spawn(process.execPath, [join(import.meta.dirname, "clocks.ts")], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
    silent.closeAllConnections();
    silent.close();
  });
  const channel = child.stdio[3] as Duplex;
  const tell = (order: object) => channel.write(`${JSON.stringify(order)}\n`);
  const args = ["--seconds=1", `--dispatch-api-endpoint=127.0.0.1:${(silent.address() as AddressInfo).port}`];
  tell({ id: 1, clock: "ticker", args, environment: {} });
  await once(silent, "request"); // its hello, which nobody answers for ten seconds
  tell({ id: 1, stop: true });
  const asked = performance.now();
  const [line] = (await once(createInterface({ input: channel }), "line")) as [string];
  expect(JSON.parse(line)).toMatchObject({ id: 1, ended: expect.stringContaining("exit code") });
  expect(performance.now() - asked).toBeLessThan(5000);
});
