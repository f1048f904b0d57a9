/** Real networks: a network namespace, slirp4netns and nftables, on machines that have them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { createNetworks } from "./network.ts";
import { missingPrograms, runProgram } from "./programs.ts";

const missing = await missingPrograms(["slirp4netns", "nft", "unshare", "nsenter"]);
const title =
  missing.length === 0 ? "a network of functions" : `a network of functions (not tried: no ${missing.join(", ")})`;

const said: string[] = [];
const log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (_details: object, message: string) => void said.push(message),
};

/** Processes of this one whose words contain a text. */
const childrenWith = (text: string): number[] =>
  readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && isOurs(pid, text));

const isOurs = (pid: number, text: string): boolean => {
  try {
    const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
  } catch {
    return false;
  }
};

const eventually = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  const giveUp = performance.now() + 20_000;
  while (!(await isSo())) {
    if (performance.now() > giveUp) throw new Error(`in vain: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

describe.skipIf(missing.length > 0)(title, () => {
  const networks = createNetworks({ allowHostServices: [], residents: new Set(), emptyMilliseconds: 400, log });
  afterAll(() => networks.close());
  const links = (enter: readonly string[]) => runProgram("nsenter", [...enter, "ip", "-o", "-4", "address"]);

  test("gets another way out when that one dies, with everybody still inside", async () => {
    const place = await networks.enter("isolated", "o");
    const [wayOut] = childrenWith("slirp4netns");
    expect(await links(place.enter)).toContain("tap0");
    process.kill(wayOut ?? 0, "SIGKILL");
    await eventually(async () => !(await links(place.enter)).includes("tap0"));
    await eventually(async () => (await links(place.enter)).includes("tap0"));
    expect(said).toEqual([expect.stringContaining("another takes its place")]);
    expect((await networks.enter("isolated", "o")).enter).toEqual(place.enter);
    place.leave();
  });

  test("ends a while after the last who was inside, and is made again for the next", async () => {
    const first = await networks.enter("none", "gone");
    const second = await networks.enter("none", "gone");
    const namespace = /--net=(\S+)/.exec(first.enter.join(" "))?.[1] ?? "";
    first.leave();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(await links(second.enter)).toContain("127.0.0.1");
    second.leave();
    await eventually(() => !existsSync(namespace));
    const third = await networks.enter("none", "gone");
    expect(third.enter).not.toEqual(first.enter);
    expect(await links(third.enter)).toContain("127.0.0.1");
    third.leave();
  });
});
