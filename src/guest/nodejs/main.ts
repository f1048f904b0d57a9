/** The Node.js guest: warms up, becomes the worker of one function, and runs it. See ../PROTOCOL.md. */
import { emptyFrame, FrameType, textFrame } from "../frames.ts";
import { writeBundle } from "./bundle.ts";
import { createMarker, openChannel } from "./channel.ts";
import { linkModules, loadHandler } from "./handler.ts";
import { watchLeftovers } from "./leftovers.ts";
import { useSynchronousOutput } from "./output.ts";
import { watchOutputs } from "./own-outputs.ts";
import { forgetMain, planRehearsal } from "./rehearsal.ts";
import { createRunner, type Runner } from "./runner.ts";

interface LoadHeader {
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly marker: string;
  readonly folder: string;
  readonly modules?: string;
  readonly maxOutputBytes: number;
  /** Nothing but the sandbox's init and this process is in its process namespace. */
  readonly alone?: boolean;
}

let runner: Runner | undefined;

forgetMain();
const watched = { leftovers: watchLeftovers(), outputs: watchOutputs() };

const load = async (body: Buffer): Promise<void> => {
  const start = 4 + body.readUInt32BE(0);
  const header = JSON.parse(body.toString("utf8", 4, start)) as LoadHeader;
  const { folder, modules, maxOutputBytes } = header;
  const mark = createMarker(header.marker);
  Object.assign(process.env, header.environment);
  const { outputs } = watched;
  const leftovers = header.alone === true ? watched.leftovers : undefined;
  try {
    const files = writeBundle(body.subarray(start), folder);
    if (modules !== undefined) linkModules(folder, modules);
    process.chdir(folder);
    const handler = await loadHandler(folder, header.handler, files);
    leftovers?.keep();
    outputs.keep();
    runner = createRunner({ channel, handler, mark, leftovers, outputs, folder, maxOutputBytes });
    channel.send(emptyFrame(FrameType.ready, 0));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    channel.send(textFrame(FrameType.error, 0, JSON.stringify({ type: "FunctionError", message, stacktrace: [] })));
  }
  mark(0);
  channel.flush();
};

const channel = openChannel(
  (type, number, bytes, start, end) => {
    if (type === FrameType.invoke) runner?.invoke(number, bytes.toString("utf8", start, end));
    else if (type === FrameType.cancel) runner?.cancel(number);
    else if (type === FrameType.probe) runner?.probe();
    else if (type === FrameType.load) rehearsal.insteadOf(load, Buffer.from(bytes.subarray(start, end)));
  },
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
