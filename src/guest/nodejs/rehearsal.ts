/**
 * A load and some runs that nobody asked for, by the way that those of functions go: the first use of almost everything is slow. Says
 * nothing to the server, writes to /dev/null alone, and leaves nothing that a function could see.
 */
import { Console } from "node:console";
import { closeSync, openSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { join } from "node:path";
import { writeBundle } from "./bundle.ts";
import { type Channel, createMarker } from "./channel.ts";
import type { Handler } from "./exports.ts";
import { loadHandler } from "./handler.ts";
import { outsideOfRuns } from "./late.ts";
import type { Leftovers } from "./leftovers.ts";
import { outputTo } from "./output.ts";
import type { Outputs } from "./own-outputs.ts";
import { createRunner } from "./runner.ts";

const PATIENCE_MS = 100;
const FOLDER = import.meta.dirname;
const FILE = "rehearsed.cjs";
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
  try {
    unpack();
    process.chdir(process.cwd());
    const handler = await loadHandler(FOLDER, FILE, []);
    forget(join(FOLDER, FILE));
    watched.leftovers.keep();
    watched.outputs.keep();
    run(watched, handler, nowhere);
  } finally {
    closeSync(nowhere);
  }
};

/** A bundle whose only file is /dev/null. */
const unpack = (): void => {
  const header = Buffer.from(JSON.stringify([{ path: "null", mode: 0o666, size: 1 }]));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(header.length);
  writeBundle(Buffer.concat([length, header, Buffer.from("\n")]), "/dev");
};

const run = (watched: Watched, handler: Handler, nowhere: number): void => {
  const output = outputTo(silent, 1, nowhere);
  const own = new Console(output, output);
  const speaking: Handler = (context, payload) => {
    own.log("%s runs", "a", { payload });
    return handler(context, payload);
  };
  const mark = createMarker("rehearsal", nowhere, nowhere);
  const limits = { folder: FOLDER, maxOutputBytes: 1000 };
  // It ends no process: only the load of a function says whether those that are new belong to this worker or to the machine.
  const runner = createRunner({
    ...watched,
    ...limits,
    leftovers: undefined,
    channel: silent,
    handler: speaking,
    mark,
  });
  for (const [number, payload] of PAYLOADS.entries()) {
    runner.invoke(number, `{"context":{"runId":"1"},"payload":${payload}}`);
    runner.wake();
  }
};

/** What has been loaded shows in `require.cache`, and where it was found in a cache of paths. */
const forget = (file: string): void => {
  delete createRequire(join(FOLDER, FILE)).cache[file];
  const { _pathCache: paths } = Module as unknown as { readonly _pathCache: Record<string, string> };
  for (const [key, path] of Object.entries(paths)) if (path === file) delete paths[key];
};

/** A function finds no main module, as where modules start a program: the guest is none of its own. */
export const forgetMain = (): void => {
  Object.assign(process, { mainModule: undefined });
  forget(import.meta.filename);
};
