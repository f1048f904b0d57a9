/** A machine on which sandboxes cannot work: the server says why and how to mend it, and runs no function all the same. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { findObstacle, suiteName } from "./runtime-harness.ts";

const isRoot = process.getuid?.() === 0;
const obstacle = isRoot ? await findObstacle("isolated") : "only root can take things away from a machine";

/** Asks the runtime whether functions can run, and tries one. */
const PROGRAM = `
const { createHarness, startFunction } = await import(${JSON.stringify(new URL("./runtime-harness.ts", import.meta.url).href)});
const harness = await createHarness({ defaultNetwork: "isolated" });
const { problems } = await harness.runtime.check();
const tried = await startFunction(harness.runtime, "python3", "def handle(c, p): return p", { network: "isolated" }).then(
  () => "it runs",
  () => "refused",
);
console.log(JSON.stringify({ problems, tried }));
await harness.close();
process.exit();`;

/** Takes a folder's content or a program away, for what this shell starts alone. */
const TAKE_AWAY = `case "$0" in
  /*) mount -t tmpfs none "$0" ;;
  *) mount --bind /dev/null "$(readlink -f "$(command -v "$0")")" ;;
esac && exec "$@"`;

async function without(what: string): Promise<{ problems: string[]; tried: string }> {
  const command = [process.execPath, "--input-type=module", "-e", PROGRAM];
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  const { stdout } = await promisify(execFile)("unshare", ["--mount", "sh", "-c", TAKE_AWAY, what, ...command], {
    env,
  });
  return JSON.parse(stdout);
}

describe.skipIf(obstacle !== undefined)(suiteName("where sandboxes cannot work", obstacle), () => {
  test.each([
    ["/dev/net", /modprobe tun.*--function-network none or host/],
    ["bwrap", /made of bwrap, not installed here.*apt-get install.*--sandbox none/],
    ["slirp4netns", /made of slirp4netns, not installed here.*apt-get install/],
    ["nft", /made of nft, not installed here.*apt-get install/],
  ])("without %s no function runs, and a sentence says how to mend it", async (path, sentence) => {
    expect(await without(path)).toEqual({ problems: [expect.stringMatching(sentence)], tried: "refused" });
  });
});
