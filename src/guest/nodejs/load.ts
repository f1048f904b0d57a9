/** What a load (../PROTOCOL.md) makes of a guest: the worker of one function. */
import { emptyFrame, FrameType, textFrame } from "../frames.ts";
import { writeBundle } from "./bundle.ts";
import type { Channel } from "./channel.ts";
import { linkModules, loadHandler } from "./handler.ts";
import type { Leftovers } from "./leftovers.ts";
import type { Outputs } from "./own-outputs.ts";
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

export interface LoadPorts {
  readonly channel: Channel;
  readonly leftovers: Leftovers;
  readonly outputs: Outputs;
  /** What writes the markers of this text. */
  createMarker(text: string): (invocation: number) => void;
}

/** Says whether that went well, and gives the runner if it did. */
export const loadFunction = async (body: Buffer, ports: LoadPorts): Promise<Runner | undefined> => {
  const { channel, outputs } = ports;
  const start = 4 + body.readUInt32BE(0);
  const header = JSON.parse(body.toString("utf8", 4, start)) as LoadHeader;
  const { folder, modules, maxOutputBytes } = header;
  const mark = ports.createMarker(header.marker);
  Object.assign(process.env, header.environment);
  const leftovers = header.alone === true ? ports.leftovers : undefined;
  let runner: Runner | undefined;
  try {
    const files = writeBundle(body.subarray(start), folder);
    if (modules !== undefined) linkModules(folder, modules);
    process.chdir(folder);
    const handler = await loadHandler(folder, header.handler, files);
    leftovers?.keep();
    outputs.keep();
    runner = createRunner({ handler, folder, maxOutputBytes }, { channel, mark, leftovers, outputs });
    channel.send(emptyFrame(FrameType.ready, 0));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    channel.send(textFrame(FrameType.error, 0, JSON.stringify({ type: "FunctionError", message, stacktrace: [] })));
  }
  mark(0);
  channel.flush();
  return runner;
};
