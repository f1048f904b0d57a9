/** One driver that is to run: its program, started again with growing pauses whenever it ends. */
import { setTimeout as delay } from "node:timers/promises";
import { masked, type SecretMask } from "../shared/mask/mask.ts";
import { messageOf } from "../shared/message-of.ts";
import type { ProgramSpec, Programs, RunningProgram } from "../shared/ports.ts";
import { visibleText } from "../shared/visible-text.ts";
import { pauseAfter } from "../work/kinds.ts";
import type { DriverLog } from "./driver-log.ts";

export interface DriverOrder extends Omit<ProgramSpec, "log"> {
  /** Those of its secrets: hidden in all that it writes. */
  readonly masks: readonly SecretMask[];
  /** How far its program has got, in the program's own words. */
  bookmark(): Promise<string | undefined>;
}

/** Who hears how a driver is. Each is called again whenever it changes. */
export interface DriverListener {
  ready(): void;
  down(reason: string): void;
}

const PAUSES = { firstPause: 1000, longestPause: 60_000 };
/** A program that lived so long after its hello has earned a quick start, in milliseconds. */
const PROVEN_MS = 60_000;
/** How long a program may take to say hello before that is told, in milliseconds. */
const HELLO_MS = 30_000;

export class DriverProcess {
  readonly #programs: Programs;
  readonly #order: DriverOrder;
  readonly #log: DriverLog;
  readonly #listener: DriverListener;
  readonly #ending = new AbortController();
  readonly #done: Promise<void>;
  #running: RunningProgram | undefined;
  #hello: number | undefined;

  constructor(programs: Programs, order: DriverOrder, log: DriverLog, listener: DriverListener) {
    this.#programs = programs;
    this.#order = order;
    this.#log = log;
    this.#listener = listener;
    this.#done = this.#live();
  }

  /** The program has spoken to the server. */
  hello(): void {
    if (this.#hello !== undefined || this.#ending.signal.aborted) return;
    this.#hello = performance.now();
    this.#listener.ready();
  }

  get socket(): string | undefined {
    return this.#running?.socket;
  }

  get isDeaf(): boolean {
    return this.#running?.isDeaf === true;
  }

  /** Resolves when nothing of it is left. Nobody hears of it any more. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.#running?.stop();
    await this.#done;
  }

  async #live(): Promise<void> {
    for (let attempt = 1; !this.#ending.signal.aborted; attempt += 1) {
      const reason = await this.#once();
      if (this.#ending.signal.aborted) return;
      if (this.#hello !== undefined && performance.now() - this.#hello > PROVEN_MS) attempt = 1;
      const pause = pauseAfter(attempt, PAUSES);
      this.#say(`the driver ended (${reason}); next start in ${(pause / 1000).toFixed(1)} s`);
      this.#listener.down(this.#withLastWords(`the driver ended (${reason})`));
      await delay(pause, undefined, { signal: this.#ending.signal }).catch(() => undefined);
    }
  }

  /** One life of the program; resolves with the reason of its end. */
  async #once(): Promise<string> {
    this.#hello = undefined;
    try {
      const { masks, bookmark: findBookmark, ...spec } = this.#order;
      const bookmark = await findBookmark();
      const environment = { ...spec.environment, ...(bookmark === undefined ? {} : { DISPATCH_BOOKMARK: bookmark }) };
      const log: ProgramSpec["log"] = (stream, line) => this.#log.add(stream, visibleText(masked(masks, line)));
      this.#running = await this.#programs.start({ ...spec, environment, log });
      if (this.#ending.signal.aborted) await this.#running.stop();
      const waiting = setTimeout(() => this.#silent(), HELLO_MS).unref();
      return await this.#running.exited.finally(() => clearTimeout(waiting));
    } catch (error) {
      return messageOf(error);
    } finally {
      this.#running = undefined;
    }
  }

  #silent(): void {
    if (this.#hello !== undefined || this.#ending.signal.aborted) return;
    const sentence = `it runs, but has not called this server for ${HELLO_MS / 1000} s`;
    this.#say(sentence);
    this.#listener.down(this.#withLastWords(sentence));
  }

  #say(sentence: string): void {
    this.#log.add("server", sentence);
  }

  #withLastWords(reason: string): string {
    const words = this.#log.lastWords;
    return words === undefined ? reason : `${reason}: ${words}`;
  }
}
