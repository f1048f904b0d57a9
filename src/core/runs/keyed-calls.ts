/** Callers who ask with the same key at the same time: one of them makes the run, the others get it as well. */
import { DuplicateError } from "../shared/ports.ts";
import { type KeyUse, refuseOther } from "./idempotency.ts";

export interface KeyedCall<Run, Answer> {
  readonly use: KeyUse;
  /** What is on record under the key. It may be older than what another connection to the database has just written. */
  find(): Promise<Answer | undefined>;
  /** @throws DuplicateError when another run holds the key */
  make(): Promise<Run>;
  /** The answer to whoever made the run. */
  answer(run: Run): Promise<Answer>;
  /** The same for another who asks for it. */
  join(run: Run): Promise<Answer>;
}

export class KeyedCalls<Run, Answer> {
  readonly #making = new Map<string, { readonly use: KeyUse; readonly made: Promise<Run> }>();

  /** `place` identifies the key among all others. @throws KEY_REUSED, and what `make` throws for other reasons */
  async once(place: string, call: KeyedCall<Run, Answer>): Promise<Answer> {
    const known = await call.find();
    if (known !== undefined) return known;
    try {
      return await this.#share(place, call);
    } catch (error) {
      // Another run got the key after this look-up: look again, and find that run.
      if (!(error instanceof DuplicateError)) throw error;
      return this.once(place, call);
    }
  }

  async #share(place: string, { use, make, answer, join }: KeyedCall<Run, Answer>): Promise<Answer> {
    const earlier = this.#making.get(place);
    if (earlier !== undefined) {
      const run = await earlier.made;
      refuseOther(earlier.use.digest, use);
      return join(run);
    }
    const made = make();
    this.#making.set(place, { use, made });
    try {
      return await answer(await made);
    } finally {
      this.#making.delete(place);
    }
  }
}
