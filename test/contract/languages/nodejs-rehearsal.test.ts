/** A Node.js worker that nobody wants yet rehearses: that it does, and that a function sees nothing of it. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeBundle } from "../../../src/core/functions/bundle.ts";
import type { Worker } from "../../../src/core/shared/ports.ts";
import { createHarness, findObstacle, type Harness, LIMITS, run, startGeneric, suiteName } from "../runtime-harness.ts";

const REHEARSED_MS = 1500;

/** What a rehearsal could have left behind. */
const LOOKING = `
const fs = require("node:fs");
const Module = require("node:module");
const seen = {
  cached: Object.keys(require.cache),
  main: String(require.main) + String(process.mainModule),
  globals: Object.getOwnPropertyNames(globalThis).length,
  descriptors: fs.readdirSync("/proc/self/fd").length,
  files: [fs.readdirSync("/tmp"), fs.readdirSync("/function")],
  folder: process.cwd(),
  environment: Object.keys(process.env),
  listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
  timers: process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length,
  paths: Object.keys(Module._pathCache).filter((path) => path.includes("rehears")),
};
let written = "";
Object.defineProperty(process, "stdout", { value: Object.assign(Object.create(process.stdout), { write: (text) => { written += text; } }) });
module.exports = async () => {
  console.log("to whoever takes the place of stdout first");
  return { ...seen, written };
};
`;

const obstacle = await findObstacle();

const guests = (folder: string): string => fileURLToPath(new URL(`../../../${folder}`, import.meta.url));

/** As it is built, and from the source. */
const FOLDERS = ["dist/server/guest", "src/guest"].map(guests);

describe.skipIf(obstacle !== undefined).each(FOLDERS)(
  suiteName("the rehearsal of Node.js in %s", obstacle),
  (folder) => {
    let harness: Harness;
    beforeAll(async () => {
      harness = await createHarness({ guestFolder: folder });
    });
    afterAll(() => harness.close());

    const look = async (worker: Worker): Promise<unknown> => {
      const bundle = encodeBundle([{ path: "look.js", mode: 0o644, bytes: Buffer.from(LOOKING) }]);
      await worker.load({ handler: "./look.js", bundle, environment: {}, limits: LIMITS });
      const { output, error, logs } = await run(worker, {});
      return { error, logs, seen: error === undefined ? JSON.parse(output) : undefined };
    };

    test("leaves nothing that a function could see", async () => {
      const waiting = await startGeneric(harness.runtime, "nodejs");
      await sleep(REHEARSED_MS);
      const fresh = await startGeneric(harness.runtime, "nodejs");
      const [rehearsed, unrehearsed] = [await look(waiting), await look(fresh)];
      expect(rehearsed).toEqual(unrehearsed);
      expect(rehearsed).toMatchObject({
        error: undefined,
        logs: { stdout: null, stderr: null },
        seen: { main: "undefinedundefined", written: "to whoever takes the place of stdout first\n" },
      });
    });
  },
);

describe("the rehearsal of Node.js", () => {
  test("goes through a load and its runs to their ends, ends no process, and does nothing when a function comes first", async () => {
    const rehearsal = join(guests("src/guest"), "nodejs/rehearsal.ts");
    const program = `
      const { planRehearsal } = await import(${JSON.stringify(rehearsal)});
      const counting = () => {
        const told = { kept: 0, ended: 0, looked: 0, asked: 0 };
        const leftovers = {
          keep: () => { told.kept += 1; },
          nothingStarted: () => { told.looked += 1; },
          end: () => { told.ended += 1; },
        };
        return { told, watched: { leftovers, outputs: { keep: () => {}, loss: () => { told.asked += 1; } } } };
      };
      const [waiting, wanted] = [counting(), counting()];
      planRehearsal(waiting.watched);
      planRehearsal(wanted.watched).insteadOf(async () => { wanted.told.loaded = true; }, Buffer.alloc(0));
      process.once("exit", () => console.log(JSON.stringify([waiting.told, wanted.told])));
    `;
    const args = ["--no-warnings", "--input-type=module", "--eval", program];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(JSON.parse(stdout)).toEqual([
      { kept: 1, ended: 0, looked: 3, asked: 3 },
      { kept: 0, ended: 0, looked: 0, asked: 0, loaded: true },
    ]);
  });
});
