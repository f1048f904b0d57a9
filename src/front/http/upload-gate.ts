/** Large uploads are taken two at a time: each is in memory several times while it is read. */
import { DispatchError } from "../../core/shared/errors.ts";

const AT_ONCE = 2;
const LONGEST_LINE = 32;
const PATIENCE_MS = 20_000;

/** What a call gives back when its upload is done. */
export type Leave = () => void;

export class UploadGate {
  #inside = 0;
  readonly #line: (() => void)[] = [];

  /** Waits for its turn, unread, so that a line costs no memory. @throws UPLOADS_WAITING */
  async enter(): Promise<Leave> {
    if (this.#inside >= AT_ONCE) await this.#turn();
    this.#inside += 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#inside -= 1;
      this.#line.shift()?.();
    };
  }

  #turn(): Promise<void> {
    const refusal = () => new DispatchError("UPLOADS_WAITING", { retryAfter: PATIENCE_MS / 1000 });
    if (this.#line.length >= LONGEST_LINE) throw refusal();
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        clearTimeout(patience);
        resolve();
      };
      const patience = setTimeout(() => {
        this.#line.splice(this.#line.indexOf(turn), 1);
        reject(refusal());
      }, PATIENCE_MS);
      this.#line.push(turn);
    });
  }
}
