/** Mixed load: several kinds of requests, each of which keeps in mind what the server acknowledged and asks for it afterwards. */
import { messageOf } from "../../src/core/shared/message-of.ts";
import type { Dispatch } from "../e2e/support/dispatch.ts";
import type { Answer } from "../e2e/support/http.ts";
import { type Random, seeded } from "../support/seeded.ts";
import { eventLoad } from "./loads/events.ts";
import { functionLoad } from "./loads/functions.ts";
import { imageLoad } from "./loads/images.ts";
import { asynchronousLoad, blockingLoad } from "./loads/runs.ts";
import { stateLoad } from "./loads/state.ts";
import type { Witness } from "./witness.ts";

export interface Load {
  readonly name: string;
  /** Makes what it needs, once. */
  prepare(dispatch: Dispatch): Promise<void>;
  /** Asks for one thing. @throws when no answer comes */
  act(dispatch: Dispatch): Promise<Acknowledgement>;
  /** After the fault: everything that was acknowledged is done and done once, then it is forgotten. @throws what is wrong */
  check(dispatch: Dispatch): Promise<void>;
}

/** Whether the server said that it is done, or refused it. */
export type Acknowledgement = "acknowledged" | "refused";

export const acknowledgementOf = ({ status }: Answer): Acknowledgement => (status < 300 ? "acknowledged" : "refused");

/** Who is refused comes again, not at once. */
const PAUSE_AFTER_REFUSAL_MS = 20;

export class MixedLoad {
  /** How many requests were acknowledged and refused. */
  readonly counts = { acknowledged: 0, refused: 0 };
  readonly #loads: readonly Load[];

  constructor(witness: Witness, seed: number) {
    const kinds = [
      blockingLoad,
      asynchronousLoad("once", 0),
      asynchronousLoad("retried", 2),
      eventLoad,
      functionLoad,
      imageLoad,
      stateLoad,
    ];
    this.#loads = kinds.map((make, at) => make(witness, seeded(seed + at)));
  }

  async prepare(dispatch: Dispatch): Promise<void> {
    for (const load of this.#loads) await load.prepare(dispatch);
  }

  /** All kinds at once, each until it is told to stop or the server is gone. */
  async run(dispatch: Dispatch, stop: AbortSignal): Promise<void> {
    await Promise.all(this.#loads.map((load) => this.#repeat(load, dispatch, stop)));
  }

  async #repeat(load: Load, dispatch: Dispatch, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const answer = await load.act(dispatch).catch(() => "gone" as const);
      if (answer === "gone") return;
      this.counts[answer]++;
      if (answer === "refused") await new Promise((resolve) => setTimeout(resolve, PAUSE_AFTER_REFUSAL_MS));
    }
  }

  /** @throws what is lost, done twice, or said to be what it is not, with the name of its kind */
  async check(dispatch: Dispatch): Promise<void> {
    for (const load of this.#loads) {
      await load.check(dispatch).catch((error: unknown) => {
        throw new Error(`${load.name}: ${messageOf(error)}`, { cause: error });
      });
    }
  }
}

export type MakeLoad = (witness: Witness, random: Random) => Load;
