/** Functions that are deployed and replaced: what was accepted is there, gets READY, and is the version that was accepted. */
import { expect } from "vitest";
import { type Dispatch, functionBody } from "../../e2e/support/dispatch.ts";
import type { Random } from "../../support/seeded.ts";
import { type Acknowledgement, acknowledgementOf, type Load, type MakeLoad } from "../load.ts";

const CHANGING = "changing";
const source = (version: number) => ({ "f.js": `module.exports = () => ${version};` });

class Functions implements Load {
  readonly name = "deployed";
  readonly #random: Random;
  /** By name: whether the server has acknowledged it. */
  #made = new Map<string, boolean>();
  #deleted: string[] = [];
  #next = 1;
  /** Of the function that changes: what it must be at least. */
  #accepted = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  async prepare(dispatch: Dispatch): Promise<void> {
    await dispatch.createFunction(CHANGING, source(0));
  }

  act(dispatch: Dispatch): Promise<Acknowledgement> {
    const version = this.#next++;
    return this.#random() < 0.5 ? this.#create(dispatch, version) : this.#update(dispatch, version);
  }

  async #create(dispatch: Dispatch, version: number): Promise<Acknowledgement> {
    const name = `made-${version}`;
    this.#made.set(name, false);
    const answer = acknowledgementOf(await dispatch.post("/v1/function", functionBody(name, source(version))));
    if (answer === "acknowledged") this.#made.set(name, true);
    // Often the fault shall fall into the deployment.
    if (this.#random() < 0.5) await dispatch.built(name).catch(() => {});
    if (answer === "acknowledged" && this.#random() < 0.2) await this.#delete(dispatch, name);
    return answer;
  }

  async #delete(dispatch: Dispatch, name: string): Promise<void> {
    this.#made.set(name, false);
    if ((await dispatch.delete(`/v1/function/${name}`)).status < 300) this.#deleted.push(name);
  }

  async #update(dispatch: Dispatch, version: number): Promise<Acknowledgement> {
    const answer = acknowledgementOf(
      await dispatch.put(`/v1/function/${CHANGING}`, functionBody(CHANGING, source(version))),
    );
    if (answer === "acknowledged") this.#accepted = version;
    return answer;
  }

  async check(dispatch: Dispatch): Promise<void> {
    for (const name of this.#deleted)
      expect([name, (await dispatch.get(`/v1/function/${name}`)).status]).toEqual([name, 404]);
    for (const [name, acknowledged] of this.#made) await this.#checkMade(dispatch, name, acknowledged);
    [this.#made, this.#deleted] = [new Map(), []];
    expect([CHANGING, await dispatch.built(CHANGING)]).toEqual([
      CHANGING,
      expect.objectContaining({ status: "READY" }),
    ]);
    const { output } = await dispatch.run(CHANGING);
    expect([CHANGING, output]).toEqual([
      CHANGING,
      expect.toSatisfy((found) => found >= this.#accepted && found < this.#next),
    ]);
  }

  async #checkMade(dispatch: Dispatch, name: string, acknowledged: boolean): Promise<void> {
    const { status } = await dispatch.get(`/v1/function/${name}`);
    if (acknowledged) expect([name, status]).toEqual([name, 200]);
    if (status === 404) return;
    const { status: state, reason } = await dispatch.built(name);
    expect([name, state, reason]).toEqual([name, "READY", null]);
    expect([name, `made-${(await dispatch.run(name)).output}`]).toEqual([name, name]);
    expect((await dispatch.delete(`/v1/function/${name}`)).status).toBeLessThan(300);
  }
}

export const functionLoad: MakeLoad = (_, random) => new Functions(random);
