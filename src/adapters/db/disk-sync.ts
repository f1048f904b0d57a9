/**
 * What is written goes to the disk while more is written: SQLite itself would wait for it, and with it everybody else. Each answer
 * is given when all that was written before it is on the disk, so that nobody hears of what a power failure could take back.
 */
import { closeSync, fdatasync, fdatasyncSync, openSync } from "node:fs";

/** Ways to the disk at a time; each takes a thread of those that read and write files. */
const MOST_AT_ONCE = 3;

export type Sync = (file: number, done: (error: Error | null) => void) => void;

interface Answer {
  /** The number of the last write before it. */
  readonly after: number;
  give(): void;
}

export class DiskSync {
  readonly #file: number;
  readonly #sync: Sync;
  /** Writes are numbered. */
  #written = 0;
  /** The last write for which a way to the disk has begun ... */
  #begun = 0;
  /** ... and the last that is there, with all before it. */
  #durable = 0;
  #underWay = 0;
  readonly #answers: Answer[] = [];
  #closing = false;

  /** `path` names the file that is written to. */
  constructor(path: string, sync: Sync = fdatasync) {
    this.#file = openSync(path, "r+");
    this.#sync = sync;
  }

  /** Something was written. `alone`: nobody else is about to write, so that it goes to the disk here, without the ways to another thread and back. */
  wrote(alone = false): void {
    this.#written++;
    if (alone && this.#underWay === 0) this.#syncHere();
    else this.#begin();
  }

  /** Calls `give` as soon as everything that is written by now is on the disk, in the order of the calls. */
  whenDurable(give: () => void): void {
    if (this.#durable === this.#written) give();
    else this.#answers.push({ after: this.#written, give });
  }

  /** Call it when nothing is written any more and everybody was answered. */
  close(): void {
    this.#closing = true;
    if (this.#underWay === 0) closeSync(this.#file);
  }

  #syncHere(): void {
    fdatasyncSync(this.#file);
    this.#begun = this.#written;
    this.#durable = this.#written;
  }

  #begin(): void {
    if (this.#underWay >= MOST_AT_ONCE) return;
    const upTo = this.#written;
    this.#begun = upTo;
    this.#underWay++;
    this.#sync(this.#file, (error) => {
      // The kernel may never try again to write what it could not: only a new start knows what is on the disk.
      if (error !== null) throw error;
      this.#underWay--;
      if (this.#closing && this.#underWay === 0) closeSync(this.#file);
      if (this.#begun < this.#written) this.#begin();
      this.#reached(upTo);
    });
  }

  #reached(upTo: number): void {
    if (upTo <= this.#durable) return;
    this.#durable = upTo;
    const open = this.#answers.findIndex(({ after }) => after > upTo);
    for (const { give } of this.#answers.splice(0, open < 0 ? this.#answers.length : open)) give();
  }
}
