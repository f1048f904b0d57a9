import { expect, test } from "vitest";
import { isError } from "../shared/errors.ts";
import { DuplicateError } from "../shared/ports.ts";
import { type KeyedCall, KeyedCalls } from "./keyed-calls.ts";

/** A database with several connections: a look at it may be answered with what was there before the last write. */
class Keys {
  readonly calls = new KeyedCalls<string, string>();
  readonly looks: ((seen: string | undefined) => void)[] = [];
  readonly writes: { done(): void; refuse(error: Error): void }[] = [];

  ask(digest = "same"): Promise<string> {
    const call: KeyedCall<string, string> = {
      use: { key: "key", scope: "scope", digest },
      find: () => new Promise((resolve) => this.looks.push(resolve)),
      make: () => {
        const id = `run ${this.writes.length}`;
        return new Promise((resolve, refuse) => this.writes.push({ done: () => resolve(id), refuse }));
      },
      answer: async (run) => run,
      join: async (run) => run,
    };
    return this.calls.once("place", call);
  }

  /** The look that was begun as this one is answered. */
  async seen(at: number, what?: string): Promise<void> {
    this.looks[at]?.(what);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("who joined a run that lost its key to another gets the other, as who made it does", async () => {
  const keys = new Keys();
  const answers = [keys.ask(), keys.ask(), keys.ask()];
  await keys.seen(0);
  keys.writes[0]?.done();
  expect(await answers[0]).toBe("run 0");
  // Both looked before the first was on record, and hear of it afterwards.
  await keys.seen(1);
  await keys.seen(2);
  expect(keys.writes).toHaveLength(2);
  keys.writes[1]?.refuse(new DuplicateError("the key is taken"));
  await keys.seen(-1);
  await keys.seen(3, "run 0");
  await keys.seen(4, "run 0");
  expect(await Promise.all(answers)).toEqual(["run 0", "run 0", "run 0"]);
});

test("who joins with another input is refused once the run has the key, and what keeps the run out is everybody's", async () => {
  const keys = new Keys();
  const answers = [keys.ask(), keys.ask("other")];
  await keys.seen(0);
  await keys.seen(1);
  keys.writes[0]?.done();
  expect(await answers[0]).toBe("run 0");
  expect(await answers[1]?.catch((error: unknown) => isError(error, "KEY_REUSED"))).toBe(true);
  const refused = [keys.ask(), keys.ask()];
  await keys.seen(2);
  await keys.seen(3);
  keys.writes[1]?.refuse(new Error("full"));
  for (const answer of refused) await expect(answer).rejects.toThrow("full");
});
