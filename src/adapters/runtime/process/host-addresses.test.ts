import { execFileSync } from "node:child_process";
import { afterEach, expect, test } from "vitest";
import { followHostAddresses, readHostAddresses } from "./host-addresses.ts";

const isRoot = process.getuid?.() === 0;
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const LATE = "198.51.100.78";

const ip = (verb: "add" | "delete"): unknown => execFileSync("ip", ["address", verb, `${LATE}/32`, "dev", "lo"]);

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const action of cleanUp.splice(0)) action();
});

test("the host's addresses are the kernel's own, the loopback among them", async () => {
  expect(await readHostAddresses()).toContain("127.0.0.0/8");
});

test.skipIf(!isRoot)(
  `an address that comes is known at once, one that goes as well${isRoot ? "" : " (SKIPPED: only root can give one)"}`,
  async () => {
    const lists: (readonly string[])[] = [];
    const following = followHostAddresses((addresses) => lists.push(addresses), silent);
    cleanUp.push(() => following.close());
    await following.current();
    await new Promise((resolve) => setTimeout(resolve, 700)); // past the reading at its start
    const heard = async (present: boolean): Promise<number> => {
      const since = performance.now();
      const arrived = (): boolean => lists.at(-1)?.includes(LATE) === present;
      while (!arrived() && performance.now() - since < 60_000) await new Promise((resolve) => setTimeout(resolve, 10));
      return performance.now() - since;
    };
    ip("add");
    expect(await heard(true)).toBeLessThan(5000);
    ip("delete");
    expect(await heard(false)).toBeLessThan(5000);
  },
);
