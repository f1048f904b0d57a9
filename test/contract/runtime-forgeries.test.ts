/** A function is a stranger: whatever it says in the guest's name ends its worker with a sentence. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Worker } from "../../src/core/shared/ports.ts";
import { FORGER } from "../escapes/hostile.ts";
import { createHarness, findObstacle, type Harness, invoke, run, startFunction, suiteName } from "./runtime-harness.ts";

const obstacle = await findObstacle();

const [READY, STARTED, RESULT, ERROR, CANCELLED, LATE, IDLE] = [16, 17, 18, 19, 20, 21, 22];

describe.skipIf(obstacle !== undefined)(suiteName("a function that speaks in the guest's name", obstacle), () => {
  let harness: Harness;
  const workers: Worker[] = [];
  const start = async (): Promise<Worker> => {
    const worker = await startFunction(harness.runtime, "nodejs", FORGER);
    workers.push(worker);
    return worker;
  };
  beforeAll(async () => {
    harness = await createHarness();
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop("retired")));
    await harness.close();
  });

  test.each<[string, object, RegExp]>([
    ["ready once more", { frames: [[READY, 0]] }, /said that it was ready when nobody had asked/],
    ["could not be loaded", { frames: [[ERROR, 0, "{}"]] }, /could not be loaded when nothing was being loaded/],
    ["a result of a run that waits", { frames: [[RESULT, 2, "1"]] }, /result for run 2, which was not running/],
    ["a result of nobody", { frames: [[RESULT, 77, "1"]] }, /result for run 77/],
    ["its result twice", { frames: [[RESULT, 1, '"early"']] }, /result for run 1, which was not running/],
    ["an error of another", { frames: [[ERROR, 3, "{}"]] }, /result for run 3/],
    ["the start of another", { frames: [[STARTED, 2]] }, /run 2 begins, whose turn it was not/],
    ["a run given back", { frames: [[CANCELLED, 2]] }, /gave back run 2, which nobody had asked for/],
    ["an answer without a question", { frames: [[IDLE, 0]] }, /answered what nobody had asked/],
    ["late output that is no JSON", { frames: [[LATE, 0, "nope"]] }, /output that cannot be read/],
    ["a message of no type", { frames: [[99, 1]] }, /unknown type 99/],
    ["the end of its output, early", { markers: [1] }, /output of run 1 more than once/],
    ["the end of a later run's output", { markers: [2] }, /output of run 1 more than once/],
    ["the end of nobody's output", { markers: [4_000_000] }, /output of run 4000000, which does not exist/],
  ])("%s", async (_name, payload, sentence) => {
    const worker = await start();
    const first = invoke(worker, payload);
    const others = [invoke(worker, {}), invoke(worker, {})];
    const { reason, detail } = await worker.exited;
    expect(reason).toBe("protocol");
    expect(detail).toMatch(sentence);
    const outcome = await first.ended;
    if (outcome !== "returned" && outcome.error !== undefined) {
      expect(outcome.error).toMatchObject({
        type: "SystemError",
        message: `the worker was ended because it ${detail}`,
      });
    }
    // What waited has no part in it.
    for (const other of others) {
      const ended = await other.ended;
      expect(ended === "returned" || ended.output === '"done"' || ended.error?.message.includes(detail)).toBe(true);
    }
  });

  test.each(["loop", "wait"])(
    "a result before its time does not outlive the time-out: after it the function would %s",
    async (after) => {
      const worker = await start();
      const outcome = await run(worker, { frames: [[RESULT, 1, '"early"']], after });
      expect(outcome.output).toBe('"early"');
      worker.probe();
      const { reason, detail } = await worker.exited;
      expect(reason).toBe("protocol");
      expect(detail).toMatch(after === "loop" ? /did not answer after the end of its run/ : /went on with run 1 after/);
    },
  );

  test("an honest worker answers, also while it is given something to do", async () => {
    const worker = await start();
    for (let times = 0; times < 20; times += 1) {
      expect((await run(worker, {})).output).toBe('"done"');
      worker.probe();
    }
    worker.probe();
    await sleep(50);
    expect((await run(worker, {})).output).toBe('"done"');
  });
});
