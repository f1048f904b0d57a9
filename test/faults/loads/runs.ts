/** Runs, waited for and not, each under a key of its own: the same key never gets a second run. */
import { expect } from "vitest";
import { type Dispatch, parse, type RunObject } from "../../e2e/support/dispatch.ts";
import type { Answer } from "../../e2e/support/http.ts";
import type { Random } from "../../support/seeded.ts";
import { acknowledgementOf, type Load, type MakeLoad } from "../load.ts";
import { type Witness, witnessed } from "../witness.ts";

export const INTERRUPTED = "interrupted by a restart";
/** Runs that end before they are written down, after that, and in between. */
const DURATIONS_MS = [0, 5, 80];

interface Asked {
  readonly key: string;
  readonly input: object;
  /** What the server answered; undefined when the connection broke. */
  readonly answer: RunObject | undefined;
}

abstract class Runs implements Load {
  abstract readonly name: string;
  protected readonly witness: Witness;
  readonly #random: Random;
  #asked: Asked[] = [];
  #next = 0;

  constructor(witness: Witness, random: Random) {
    this.witness = witness;
    this.#random = random;
  }

  abstract prepare(dispatch: Dispatch): Promise<void>;
  protected abstract send(dispatch: Dispatch, key: string, input: object): Promise<Answer>;
  protected abstract judge(dispatch: Dispatch, asked: Asked, run: RunObject): Promise<void>;

  async act(dispatch: Dispatch) {
    const key = `${this.name}-${this.#next++}`;
    const ms = DURATIONS_MS[Math.floor(this.#random() * DURATIONS_MS.length)];
    const input = { port: this.witness.port, key, ms };
    const answer = await this.send(dispatch, key, input).catch((error: unknown) => {
      this.#asked.push({ key, input, answer: undefined });
      throw error;
    });
    const acknowledged = acknowledgementOf(answer);
    // A refusal promises nothing; but what was not recorded (500) may have run.
    this.#asked.push({ key, input, answer: acknowledged === "acknowledged" ? parse(answer) : undefined });
    return acknowledged;
  }

  /** The same key again: it is answered by the run that it got before, or gets its first one now. */
  async check(dispatch: Dispatch): Promise<void> {
    for (const asked of this.#asked) {
      const again = await this.send(dispatch, asked.key, asked.input);
      expect([asked.key, again.status, again.status < 300 ? "" : again.text]).toEqual([
        asked.key,
        expect.toSatisfy((status) => status < 300),
        "",
      ]);
      const { name } = parse<RunObject>(again);
      if (asked.answer !== undefined) expect([asked.key, name]).toEqual([asked.key, asked.answer.name]);
      await this.judge(dispatch, asked, await dispatch.finished(name));
      this.witness.forget(asked.key);
    }
    this.#asked = [];
  }
}

function expectEnd({ key }: Asked, run: RunObject): void {
  if (run.status === "READY") expect(run.output).toEqual({ key });
  else expect([key, run.status, run.error?.message]).toEqual([key, "ERROR", INTERRUPTED]);
}

class BlockingRuns extends Runs {
  readonly name = "blocking";

  prepare(dispatch: Dispatch): Promise<void> {
    return dispatch.createFunction(this.name, { "f.js": witnessed }).then(() => {});
  }

  protected send(dispatch: Dispatch, key: string, input: object): Promise<Answer> {
    const body = { blocking: true, input };
    return dispatch.post(`/v1/runs?functionName=${this.name}`, body, { "idempotency-key": key });
  }

  protected async judge(_: Dispatch, asked: Asked, run: RunObject): Promise<void> {
    expectEnd(asked, run);
    if (asked.answer !== undefined) expect(run).toEqual(asked.answer);
    expect([asked.key, this.witness.entries(asked.key).length]).toEqual([
      asked.key,
      expect.toSatisfy((times) => times <= 1),
    ]);
  }
}

class AsynchronousRuns extends Runs {
  readonly name: string;
  readonly #retries: number;

  constructor(name: string, retries: number, witness: Witness, random: Random) {
    super(witness, random);
    this.name = name;
    this.#retries = retries;
  }

  prepare(dispatch: Dispatch): Promise<void> {
    const fields = { retries: this.#retries };
    return dispatch.createFunction(this.name, { "f.js": witnessed }, fields).then(() => {});
  }

  protected send(dispatch: Dispatch, key: string, input: object): Promise<Answer> {
    const body = { blocking: false, input };
    return dispatch.post(`/v1/runs?functionName=${this.name}`, body, { "idempotency-key": key });
  }

  protected async judge(_: Dispatch, asked: Asked, run: RunObject): Promise<void> {
    expectEnd(asked, run);
    const entries = this.witness.entries(asked.key);
    expect([asked.key, new Set(entries.map(({ run: id }) => id)).size <= 1]).toEqual([asked.key, true]);
    const attempts = entries.map(({ attempt }) => attempt);
    expect([asked.key, attempts]).toEqual([asked.key, [...new Set(attempts)]]);
    expect([asked.key, attempts.length <= 1 + this.#retries]).toEqual([asked.key, true]);
    if (run.status === "READY") expect([asked.key, attempts.length > 0]).toEqual([asked.key, true]);
  }
}

export const blockingLoad: MakeLoad = (witness, random) => new BlockingRuns(witness, random);

export const asynchronousLoad =
  (name: string, retries: number): MakeLoad =>
  (witness, random) =>
    new AsynchronousRuns(name, retries, witness, random);
