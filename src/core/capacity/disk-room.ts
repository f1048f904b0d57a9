/** Room on the disk: when little is left, new work is refused with a sentence, before a write of what goes on fails. */
import { DispatchError } from "../shared/errors.ts";

const MEBIBYTE = 1024 * 1024;

export class DiskRoom {
  readonly #least: number;
  #free = Number.POSITIVE_INFINITY;

  /** `least`: bytes that must be free for new work; 0 refuses none. */
  constructor(least: number) {
    this.#least = least;
  }

  /** How much is free now, in bytes. */
  note(free: number): void {
    this.#free = free;
  }

  get isShort(): boolean {
    return this.#free < this.#least;
  }

  /** Whether room may soon be short: then it is checked more often. */
  get isNear(): boolean {
    return this.#free < 4 * this.#least;
  }

  /** To be called before new work; work that is under way goes on. @throws DISK_FULL */
  refuse(): void {
    if (!this.isShort) return;
    const [free, least] = [this.#free, this.#least].map((bytes) => Math.floor(bytes / MEBIBYTE));
    throw new DispatchError("DISK_FULL", { free: free ?? 0, least: least ?? 0 });
  }
}
