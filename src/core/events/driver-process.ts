/** One driver that is to run: its program, started again with growing pauses whenever it ends. */
import { setTimeout as delay } from "node:timers/promises";
import { masked, type SecretMask } from "../shared/mask/mask.ts";
import { messageOf } from "../shared/message-of.ts";
import {
  ImageError,
  type ProgramAddress,
  type ProgramSpec,
  type Programs,
  type RunningProgram,
} from "../shared/ports.ts";
import { visibleText } from "../shared/visible-text.ts";
import { pauseAfter } from "../work/kinds.ts";
import type { DriverLog } from "./driver-log.ts";

export interface DriverOrder extends Omit<ProgramSpec, "log" | "hello" | "signal"> {
  /** Those of its secrets: hidden in all that it writes. */
  readonly masks: readonly SecretMask[];
  /** How far its program has got, in the program's own words. */
  bookmark(): Promise<string | undefined>;
}

/** Who hears how a driver is. Each is called again whenever it changes. */
export interface DriverListener {
  /** @param remark what is not as it should be all the same. */
  ready(remark: string | undefined): void;
  down(reason: string): void;
  /** It cannot be deployed at all; that is tried again. */
  failed(reason: string): void;
}

const PAUSES = { firstPause: 1000, longestPause: 60_000 };
/** A program that lived so long after its hello has earned a quick start, in milliseconds. */
const PROVEN_MS = 60_000;
/** How often refused events are told, in milliseconds. */
const REFUSALS_MS = 5000;
/** Letters of the reason of a refusal. */
const LONGEST_REFUSAL = 500;
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
  /** Over all lives of the program. */
  readonly #refused = { count: 0, last: "" };
  #telling: NodeJS.Timeout | undefined;

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
    this.#listener.ready(this.#remark);
  }

  /** An event of it is not taken, and would not be when it came again. */
  refused(message: string): void {
    this.#refused.count += 1;
    this.#refused.last = visibleText(masked(this.#order.masks, message)).slice(0, LONGEST_REFUSAL);
    const pause = this.#refused.count === 1 ? 0 : REFUSALS_MS;
    this.#telling ??= setTimeout(() => this.#tellRefusals(), pause).unref();
  }

  get address(): ProgramAddress | undefined {
    return this.#running?.address;
  }

  get isDeaf(): boolean {
    return this.#running?.isDeaf === true;
  }

  /** Resolves when nothing of it is left. Nobody hears of it any more. */
  async end(): Promise<void> {
    this.#ending.abort();
    clearTimeout(this.#telling);
    await this.#running?.stop();
    await this.#done;
  }

  async #live(): Promise<void> {
    for (let attempt = 1; !this.#ending.signal.aborted; attempt += 1) {
      const reason = await this.#once();
      if (this.#ending.signal.aborted) return;
      if (this.#hello !== undefined && performance.now() - this.#hello > PROVEN_MS) attempt = 1;
      const pause = pauseAfter(attempt, PAUSES);
      this.#say(`${reason}; next start in ${(pause / 1000).toFixed(1)} s`);
      await delay(pause, undefined, { signal: this.#ending.signal }).catch(() => undefined);
    }
  }

  /** One life of the program; resolves with a sentence about its end, which the listener has heard. */
  async #once(): Promise<string> {
    this.#hello = undefined;
    try {
      const { masks, bookmark: findBookmark, ...spec } = this.#order;
      const bookmark = await findBookmark();
      const environment = { ...spec.environment, ...(bookmark === undefined ? {} : { DISPATCH_BOOKMARK: bookmark }) };
      const log: ProgramSpec["log"] = (stream, line) => this.#log.add(stream, visibleText(masked(masks, line)));
      const hello = (): void => this.hello();
      this.#running = await this.#programs.start({ ...spec, environment, log, hello, signal: this.#ending.signal });
      if (this.#ending.signal.aborted) await this.#running.stop();
      const waiting = setTimeout(() => this.#silent(), HELLO_MS).unref();
      const reason = await this.#running.exited.finally(() => clearTimeout(waiting));
      return this.#ended(`the driver ended (${reason})`);
    } catch (error) {
      if (!(error instanceof ImageError)) return this.#ended(`the driver could not be started (${messageOf(error)})`);
      const reason = `err pulling image ${this.#order.image}: ${error.message}`;
      if (!this.#ending.signal.aborted) this.#listener.failed(reason);
      return reason;
    } finally {
      this.#running = undefined;
    }
  }

  get #remark(): string | undefined {
    const { count, last } = this.#refused;
    if (count === 0) return undefined;
    return count === 1
      ? `one of its events was refused: ${last}`
      : `${count} of its events were refused, the last one: ${last}`;
  }

  #tellRefusals(): void {
    this.#telling = undefined;
    if (this.#remark === undefined || this.#ending.signal.aborted) return;
    this.#say(this.#remark);
    if (this.#hello !== undefined) this.#listener.ready(this.#remark);
  }

  #ended(sentence: string): string {
    if (!this.#ending.signal.aborted) this.#listener.down(this.#withLastWords(sentence));
    return sentence;
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
