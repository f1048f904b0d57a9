/** A number that an application keeps: each change that was acknowledged counts, and counts once. */
import { expect } from "vitest";
import { type Dispatch, parse } from "../../e2e/support/dispatch.ts";
import { acknowledgementOf, type Load, type MakeLoad } from "../load.ts";

const PATH = "/v1/state/faults/number";

interface Entry {
  readonly version: number;
  readonly value: number;
}

class State implements Load {
  readonly name = "state";
  /** What it is at least, and at most: whoever got no answer does not know. */
  #least = 0;
  #most = 0;

  async prepare(dispatch: Dispatch): Promise<void> {
    expect((await dispatch.put(PATH, { value: 0 })).status).toBeLessThan(300);
  }

  async act(dispatch: Dispatch) {
    const found = await dispatch.get(PATH);
    if (found.status !== 200) return "refused";
    const { version, value } = parse<Entry>(found);
    this.#most = Math.max(this.#most, value + 1);
    const answer = acknowledgementOf(await dispatch.put(PATH, { value: value + 1, version }));
    if (answer === "acknowledged") this.#least = value + 1;
    return answer;
  }

  async check(dispatch: Dispatch): Promise<void> {
    const { value } = parse<Entry>(await dispatch.get(PATH));
    expect(value).toSatisfy((found) => found >= this.#least && found <= this.#most, `${this.#least} to ${this.#most}`);
    [this.#least, this.#most] = [value, value];
  }
}

export const stateLoad: MakeLoad = () => new State();
