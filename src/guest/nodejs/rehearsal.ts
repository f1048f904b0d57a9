/**
 * A load and some runs that nobody asked for, by the way that those of functions go: the first use of almost everything is slow. Says
 * nothing to the server, writes to /dev/null alone, and leaves nothing that a function could see.
 */
import { Console } from "node:console";
import { closeSync, openSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { FrameReader, FrameType, HEADER_BYTES, textFrame, writeHeader } from "../frames.ts";
import { type Channel, createMarker } from "./channel.ts";
import { hearing } from "./hearing.ts";
import { outsideOfRuns } from "./late.ts";
import type { Leftovers } from "./leftovers.ts";
import { type LoadPorts, loadFunction } from "./load.ts";
import { outputTo } from "./output.ts";
import type { Outputs } from "./own-outputs.ts";
import type { Runner } from "./runner.ts";

const PATIENCE_MS = 100;
const FILE = join(import.meta.dirname, "rehearsed.cjs");
const PAYLOADS = ['{"name":"a","items":[1,2,3]}', "null", '{"name":"a","items":[]}'];

interface Watched {
  readonly leftovers: Leftovers;
  readonly outputs: Outputs;
}

export interface Rehearsal {
  /** Loads now: who waits for the worker waits for no rehearsal, only for the end of one that has begun. */
  insteadOf(load: (body: Buffer) => Promise<void>, body: Buffer): void;
}

/** Rehearses once nobody has sent a function for a while. */
export const planRehearsal = (watched: Watched): Rehearsal => {
  let going: Promise<void> | undefined;
  const plan = setTimeout(() => {
    going = outsideOfRuns(() => rehearse(watched).catch(() => undefined)); // then the first function pays for it
  }, PATIENCE_MS);
  return {
    insteadOf: (load, body) => {
      clearTimeout(plan);
      if (going === undefined) void load(body);
      else void going.then(() => load(body));
    },
  };
};

const silent: Channel = {
  send: () => undefined,
  flush: () => undefined,
  whenWritten: (done) => done(),
};

const rehearse = async (watched: Watched): Promise<void> => {
  const nowhere = openSync("/dev/null", "w");
  const folder = process.cwd();
  try {
    speak(nowhere);
    const reader = await load(watched, nowhere);
    for (const [number, payload] of PAYLOADS.entries())
      reader.feed(textFrame(FrameType.invoke, number, `{"context":{"runId":"1"},"payload":${payload}}`));
    forget(FILE);
    // Functions that are ES modules go this way.
    await import(pathToFileURL(FILE).href);
  } finally {
    forget(FILE);
    process.chdir(folder);
    closeSync(nowhere);
  }
};

const speak = (nowhere: number): void => {
  const output = outputTo(silent, 1, nowhere);
  new Console(output, output).log("%s runs", "a", { items: [1] });
};

/** A frame that asks for a load of a bundle whose only file is /dev/null. */
const loadFrame = (): Buffer => {
  const header = {
    handler: FILE,
    environment: {},
    marker: "rehearsal",
    folder: "/dev",
    maxOutputBytes: 1000,
    alone: true,
  };
  const files = [{ path: "null", mode: 0o666, size: 1 }];
  const body = Buffer.concat([...[header, files].map(withLength), Buffer.from("\n")]);
  const frame = Buffer.alloc(HEADER_BYTES + body.length);
  writeHeader(frame, FrameType.load, 0, body.length);
  frame.set(body, HEADER_BYTES);
  return frame;
};

const withLength = (value: unknown): Buffer => {
  const text = JSON.stringify(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, Buffer.from(text)]);
};

/** Does what a load asks for. What it gives takes the frames of runs. */
const load = async ({ leftovers, outputs }: Watched, nowhere: number): Promise<FrameReader> => {
  const ports: LoadPorts = {
    channel: silent,
    // It ends no process: only the load of a function says whether those that are new belong to this worker or to the machine.
    leftovers: { ...leftovers, end: () => void leftovers.nothingStarted() },
    outputs,
    createMarker: (text) => createMarker(text, nowhere, nowhere),
  };
  let loading: Promise<Runner | undefined> | undefined;
  let runner: Runner | undefined;
  const hear = hearing(
    () => runner,
    (body) => {
      loading = loadFunction(body, ports);
    },
  );
  const frame = loadFrame();
  const reader = new FrameReader((type, number, bytes, start, end) => {
    hear(type, number, bytes, start, end);
    runner?.wake();
  }, frame.length);
  reader.feed(frame);
  runner = await loading;
  return reader;
};

/** What has been loaded shows in `require.cache`, and where it was found in a cache of paths. */
const forget = (file: string): void => {
  delete createRequire(FILE).cache[file];
  const { _pathCache: paths } = Module as unknown as { readonly _pathCache: Record<string, string> };
  for (const [key, path] of Object.entries(paths)) if (path === file) delete paths[key];
};

/** A function finds no main module, as where modules start a program: the guest is none of its own. */
export const forgetMain = (): void => {
  Object.assign(process, { mainModule: undefined });
  forget(import.meta.filename);
};
