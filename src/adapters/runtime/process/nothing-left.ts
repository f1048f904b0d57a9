/**
 * The end of a sandbox. That the outer bubblewrap ended proves nothing: it tells what the sandbox's init told it. A sandbox
 * has ended when its init is gone (with it the kernel kills everything in the process namespace), when its control group is
 * empty, and when its pipes are closed.
 */
import { Socket } from "node:net";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { ControlGroup } from "./cgroups.ts";
import type { Log } from "./log.ts";
import type { Started } from "./output-pipes.ts";
import { killIfRunning, type ProcessIdentity } from "./process-identity.ts";

const LONGEST_PAUSE = 100; // milliseconds
const COMPLAIN_AFTER = 10_000;

const DRAIN_MILLISECONDS = 100;
const MOST_DRAINS = 20;

/** Kills until nothing is left. A process that hangs inside the kernel cannot be killed: this then waits for it, and logs that it does. */
export const killUntilNothingIsLeft = async (
  init: ProcessIdentity | undefined,
  group: Pick<ControlGroup, "kill">,
  log: Log,
): Promise<void> => {
  let waited = 0;
  for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    const initRuns = init !== undefined && killIfRunning(init);
    const left = group.kill();
    if (!initRuns && left.length === 0) return;
    if (waited < COMPLAIN_AFTER && waited + pause >= COMPLAIN_AFTER) {
      log.error({ init: init?.pid, left }, "processes of a sandbox do not end; the kernel holds them");
    }
    await sleep(pause);
    waited += pause;
  }
};

/** Resolves when its process has ended and none of its pipes is open. Call it before anything closes. */
export const allClosed = async ({ child, stdout, stderr }: Started): Promise<void> => {
  const closed = [child, stdout, stderr].map((one) => new Promise<void>((resolve) => one.once("close", resolve)));
  await Promise.all(closed);
};

/**
 * Closes the pipes of a sandbox of which nothing is left. What it wrote is read first; whoever was handed a descriptor of
 * it, a sibling on the same network, say, cannot keep them open.
 */
export const closePipes = async ({ child, stdout, stderr }: Started, closed: Promise<unknown>): Promise<void> => {
  const pipes = [stdout, stderr, ...child.stdio.filter((stream) => stream instanceof Socket)];
  const bytesRead = (): number => pipes.reduce((sum, pipe) => sum + pipe.bytesRead, 0);
  let before = -1;
  for (let drains = 0; drains < MOST_DRAINS && bytesRead() !== before; drains += 1) {
    before = bytesRead();
    await Promise.race([sleep(DRAIN_MILLISECONDS, undefined, { ref: false }), closed]);
    await nextTurn(); // what waits in the pipes was read by now, also when the server was busy for long
  }
  for (const pipe of pipes) pipe.destroy();
};
