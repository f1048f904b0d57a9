import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { REFUSED_CALLS } from "../../src/adapters/runtime/process/seccomp.ts";
import { createHarness, evaluate, findObstacle, type Harness, suiteName } from "../contract/runtime-harness.ts";
import { SYSTEM_CALLS } from "./hostile.ts";

const obstacle = await findObstacle();
const unknown = process.arch === "x64" || process.arch === "arm64" ? undefined : `no filter for ${process.arch}`;

describe.skipIf((obstacle ?? unknown) !== undefined)(
  suiteName("a hostile function and the kernel", obstacle ?? unknown),
  () => {
    let harness: Harness;
    beforeAll(async () => {
      harness = await createHarness();
    });
    afterAll(() => harness.close());

    const numberOf = ([x64, arm64]: readonly [number | null, number | null]): number | null =>
      process.arch === "x64" ? x64 : arm64;

    const errorsOf = (calls: Readonly<Record<string, readonly number[]>>) =>
      evaluate(harness.runtime, "python3", SYSTEM_CALLS, { payload: calls }) as Promise<Record<string, unknown>>;

    test("every call of the filter's table fails with EPERM", async () => {
      const calls: Record<string, readonly number[]> = {};
      for (const [name, numbers] of Object.entries(REFUSED_CALLS)) {
        const number = numberOf(numbers);
        if (number !== null) calls[name] = [number, -1, -1, -1, -1, -1];
      }
      const errors = await errorsOf(calls);
      expect(Object.entries(errors).filter(([, error]) => error !== 1)).toEqual([]);
      expect(Object.keys(errors).length).toBeGreaterThan(50);
    });

    test("new namespaces cannot be made in any way, and clone3 is not there", async () => {
      const NEW_USER = 0x10000000;
      const SIGCHLD = 17;
      const clone = numberOf([56, 220]) ?? 0;
      const errors = await errorsOf({
        cloneUser: [clone, NEW_USER | SIGCHLD, 0, 0, 0, 0],
        cloneMount: [clone, 0x00020000 | SIGCHLD, 0, 0, 0, 0],
        clone3: [435, 0, 0],
      });
      expect(errors).toEqual({ cloneUser: 1, cloneMount: 1, clone3: 38 });
    });

    test("programs with set-user-id bits gain nothing", async () => {
      const source = `
import subprocess
def handle(context, payload):
    tried = subprocess.run(["/bin/sh", "-c", "mount -t tmpfs x /tmp; su -c true; unshare -Ur true; id -u"], capture_output=True, text=True)
    return tried.stdout.strip()`;
      expect(await evaluate(harness.runtime, "python3", source)).toBe("1000");
    });
  },
);
