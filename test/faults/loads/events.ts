/** Events: each that was acknowledged is delivered, and one that is sent twice no more often. */
import { expect } from "vitest";
import type { Dispatch } from "../../e2e/support/dispatch.ts";
import type { Answer } from "../../e2e/support/http.ts";
import { until } from "../../e2e/support/until.ts";
import { acknowledgementOf, type Load, type MakeLoad } from "../load.ts";
import { type Witness, witnessed } from "../witness.ts";
import { INTERRUPTED } from "./runs.ts";

const TYPE = "faults.happened";
/** After a failed attempt a delivery pauses; those behind it wait. */
const PATIENCE_MS = 120_000;

class Events implements Load {
  readonly name = "evented";
  readonly #witness: Witness;
  #acknowledged: string[] = [];
  #next = 0;

  constructor(witness: Witness) {
    this.#witness = witness;
  }

  async prepare(dispatch: Dispatch): Promise<void> {
    await dispatch.createFunction(this.name, { "f.js": witnessed });
    const body = { name: this.name, eventType: TYPE, function: this.name };
    expect((await dispatch.post("/v1/event/subscriptions", body)).status).toBe(201);
  }

  async act(dispatch: Dispatch) {
    const key = `event-${this.#next++}`;
    const answer = acknowledgementOf(await this.#emit(dispatch, key));
    if (answer === "acknowledged") this.#acknowledged.push(key);
    return answer;
  }

  async check(dispatch: Dispatch): Promise<void> {
    for (const key of this.#acknowledged) expect((await this.#emit(dispatch, key)).status).toBe(200);
    for (const key of this.#acknowledged) await this.#delivered(dispatch, key);
    for (const key of this.#acknowledged) this.#witness.forget(key);
    this.#acknowledged = [];
  }

  #emit(dispatch: Dispatch, key: string): Promise<Answer> {
    const data = { port: this.#witness.port, key, ms: 0 };
    const event = { cloudEventsVersion: "0.1", eventType: TYPE, source: "faults", eventID: key, data };
    return dispatch.post("/v1/event", event);
  }

  /** By one run that ended well, beside those that a crash cut off; none was entered twice. */
  async #delivered(dispatch: Dispatch, key: string): Promise<void> {
    const ends = await until(`${key} is delivered`, () => this.#ends(dispatch, key), PATIENCE_MS);
    expect([key, ends.filter((end) => end === "READY")]).toEqual([key, ["READY"]]);
    expect([key, ends.filter((end) => end !== "READY" && end !== INTERRUPTED)]).toEqual([key, []]);
    const runs = this.#witness.entries(key).map(({ run }) => run);
    expect([key, runs]).toEqual([key, [...new Set(runs)]]);
  }

  async #ends(dispatch: Dispatch, key: string): Promise<string[] | undefined> {
    const runs = [...new Set(this.#witness.entries(key).map(({ run }) => run))];
    const ends = await Promise.all(runs.map((id) => dispatch.finished(id)));
    const said = ends.map(({ status, error }) => (status === "READY" ? status : (error?.message ?? status)));
    return said.includes("READY") ? said : undefined;
  }
}

export const eventLoad: MakeLoad = (witness) => new Events(witness);
