/** The Node.js guest: warms up, becomes the worker of one function, and runs it. See ../PROTOCOL.md. */
import { emptyFrame, FrameType } from "../frames.ts";
import { createMarker, openChannel } from "./channel.ts";
import { hearing } from "./hearing.ts";
import { watchLeftovers } from "./leftovers.ts";
import { loadFunction } from "./load.ts";
import { useSynchronousOutput } from "./output.ts";
import { watchOutputs } from "./own-outputs.ts";
import { forgetMain, planRehearsal } from "./rehearsal.ts";
import type { Runner } from "./runner.ts";

let runner: Runner | undefined;

forgetMain();
const watched = { leftovers: watchLeftovers(), outputs: watchOutputs() };

const load = async (body: Buffer): Promise<void> => {
  runner = await loadFunction(body, { ...watched, channel, createMarker });
};

const channel = openChannel(
  hearing(
    () => runner,
    (body) => rehearsal.insteadOf(load, body),
  ),
  () => runner?.wake(),
  () => process.exit(0),
);

/** A function that listens to these events itself decides what they mean, as everywhere in Node.js. */
process.on("uncaughtException", (error) => {
  if (process.listenerCount("uncaughtException") > 1) return;
  if (runner !== undefined) runner.fail(error);
  else {
    console.error(error);
    process.exit(1);
  }
});

useSynchronousOutput(channel);
const rehearsal = planRehearsal(watched);
channel.send(emptyFrame(FrameType.ready, 0));
channel.flush();
