/** Images that are built: what was accepted is there and gets READY. */
import { expect } from "vitest";
import { type Dispatch, parse } from "../../e2e/support/dispatch.ts";
import { until } from "../../e2e/support/until.ts";
import { acknowledgementOf, type Load, type MakeLoad } from "../load.ts";

class Images implements Load {
  readonly name = "images";
  /** By name: whether the server has acknowledged it. */
  #made = new Map<string, boolean>();
  #next = 0;

  /** The base image of the test is there already. */
  async prepare(): Promise<void> {}

  async act(dispatch: Dispatch) {
    const name = `image-${this.#next++}`;
    this.#made.set(name, false);
    const answer = acknowledgementOf(await dispatch.post("/v1/image", { name, baseImageName: "nodejs-base" }));
    if (answer === "acknowledged") this.#made.set(name, true);
    await this.#built(dispatch, name).catch(() => {});
    return answer;
  }

  #built(dispatch: Dispatch, name: string): Promise<string> {
    return until(`image ${name} is built`, async () => {
      const answer = await dispatch.get(`/v1/image/${name}`);
      if (answer.status !== 200) return String(answer.status);
      const { status } = parse<{ status: string }>(answer);
      return status === "READY" || status === "ERROR" ? status : undefined;
    });
  }

  async check(dispatch: Dispatch): Promise<void> {
    for (const [name, acknowledged] of this.#made) {
      const state = await this.#built(dispatch, name);
      expect([name, state]).toEqual([name, acknowledged ? "READY" : expect.stringMatching(/^(READY|404)$/)]);
      if (state === "READY") expect((await dispatch.delete(`/v1/image/${name}`)).status).toBeLessThan(300);
    }
    this.#made = new Map();
  }
}

export const imageLoad: MakeLoad = () => new Images();
