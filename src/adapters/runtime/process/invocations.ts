/** The invocations inside one worker, in order: whose output is whose, when each is over, and what a guest may say of them. */
import type { FunctionFailure, InvocationListener, RunTag } from "../../../core/shared/ports.ts";
import { type LateMarkers, watchLate } from "./late-markers.ts";
import { LogRecord, type StreamName } from "./log-capture.ts";

interface Invocation {
  readonly number: number;
  readonly listener: InvocationListener;
  readonly record: LogRecord;
  started: boolean;
  /** The server has asked for it back. */
  cancelling: boolean;
  output: string | undefined;
  error: FunctionFailure | undefined;
  title: string | undefined;
}

/** What is wrong with a message that no honest guest sends, in words that follow "the worker"; undefined when nothing is. */
export type Violation = string | undefined;

/** How many ended runs are remembered, so that late messages about them can name their run. */
const REMEMBERED = 16;

const hasResult = (invocation: Invocation): boolean =>
  invocation.output !== undefined || invocation.error !== undefined;

const settle = ({ listener, record, output, error, title }: Invocation): void => {
  const { logs } = record;
  if (error !== undefined) listener.finished({ error, logs, title });
  else listener.finished({ output: output ?? "null", logs, title });
};

export class Invocations implements LateMarkers {
  lateSince: number | undefined;
  watched = false;
  readonly #maxLogBytes: number;
  /** The first is running or next to run. */
  readonly #waiting: Invocation[] = [];
  /** The last runs that ended: a ring, in which each takes the place of the oldest. */
  readonly #ended: { readonly number: number; readonly tag: RunTag }[] = [];
  #lastEnded: RunTag | undefined;
  #lastNumber = 0;
  /** The last marker seen on each stream; -1 before that of loading. */
  readonly #marked = { stdout: -1, stderr: -1 };

  constructor(maxLogBytes: number) {
    this.#maxLogBytes = maxLogBytes;
  }

  /** Nothing runs and nothing waits. */
  get idle(): boolean {
    return this.#waiting.length === 0;
  }

  /** A handler has been entered, and its result is not here. */
  get running(): boolean {
    return this.#current()?.started === true;
  }

  add(listener: InvocationListener): number {
    this.#lastNumber += 1;
    this.#waiting.push({
      number: this.#lastNumber,
      listener,
      record: new LogRecord(this.#maxLogBytes, listener),
      started: false,
      cancelling: false,
      output: undefined,
      error: undefined,
      title: undefined,
    });
    return this.#lastNumber;
  }

  cancelling(number: number): void {
    const invocation = this.#waiting.find((waiting) => waiting.number === number);
    if (invocation !== undefined) invocation.cancelling = true;
  }

  started(number: number): Violation {
    const next = this.#current();
    if (next?.number !== number || next.started) return `said that run ${number} begins, whose turn it was not`;
    next.started = true;
    next.listener.started();
    return undefined;
  }

  finished(number: number, output: string | undefined, error: FunctionFailure | undefined): Violation {
    const running = this.#current();
    if (running?.number !== number || !running.started) return `sent a result for run ${number}, which was not running`;
    running.output = output;
    running.error = error;
    this.#advance();
    return undefined;
  }

  /** A thread of the function may set a title just after its run has ended: such a title is dropped. */
  titled(number: number, title: string): Violation {
    const running = this.#current();
    if (running?.number === number && running.started) running.title = title;
    return undefined;
  }

  cancelled(number: number): Violation {
    const at = this.#waiting.findIndex((waiting) => waiting.number === number);
    const invocation = this.#waiting[at];
    if (invocation === undefined || invocation.started || !invocation.cancelling) {
      return `gave back run ${number}, which nobody had asked for`;
    }
    this.#waiting.splice(at, 1);
    const next = this.#waiting[at];
    // It never ran. Output that was read before this message (they travel on different descriptors) belongs to the next one.
    if (next !== undefined) invocation.record.moveTo(next.record);
    invocation.listener.returned();
    return undefined;
  }

  /** The record to which the next line of a stream belongs; undefined between runs. */
  recordOf(stream: StreamName): LogRecord | undefined {
    const marked = this.#marked[stream];
    for (const invocation of this.#waiting) if (invocation.number > marked) return invocation.record;
    return undefined;
  }

  /**
   * A marker may be read before the message that its run began, because they travel on different descriptors. So a forged marker
   * of a run that waits is noticed only when the true one follows.
   */
  marker(stream: StreamName, number: number): Violation {
    if (number > this.#lastNumber) return `ended the output of run ${number}, which does not exist`;
    if (number <= this.#marked[stream]) return `ended the output of run ${number} more than once`;
    this.#marked[stream] = number;
    this.#advance();
    return undefined;
  }

  /** Ends the invocation at the head without its markers, which have not come in time. */
  giveUpMarkers(): void {
    const [head] = this.#waiting;
    if (head === undefined || !hasResult(head)) return;
    this.#finishHead(head);
    this.#advance();
  }

  /** An ended run by its number; of one that was forgotten, or of number 0, the last. */
  tagOf(number: number): RunTag | undefined {
    return this.#ended.find((ended) => ended?.number === number)?.tag ?? this.#lastEnded;
  }

  /** The worker has ended. What ran fails with this, what had not started is returned. */
  end(failure: FunctionFailure): void {
    this.lateSince = undefined;
    for (const invocation of this.#waiting.splice(0)) {
      if (!invocation.started) {
        invocation.listener.returned();
        continue;
      }
      if (!hasResult(invocation)) invocation.error = failure;
      settle(invocation);
    }
  }

  /** The one that is running or next to run. */
  #current(): Invocation | undefined {
    for (const invocation of this.#waiting) if (!hasResult(invocation)) return invocation;
    return undefined;
  }

  #finishHead(head: Invocation): void {
    this.#waiting.shift();
    this.lateSince = undefined;
    const { number, listener } = head;
    if (listener.tag !== undefined) this.#remember(number, listener.tag);
    settle(head);
  }

  #remember(number: number, tag: RunTag): void {
    this.#ended[number % REMEMBERED] = { number, tag };
    this.#lastEnded = tag;
  }

  /** Ends every invocation at the head whose result and markers are all here. */
  #advance(): void {
    for (let head = this.#waiting[0]; head !== undefined && hasResult(head); head = this.#waiting[0]) {
      if (head.number > this.#marked.stdout || head.number > this.#marked.stderr) {
        watchLate(this);
        return;
      }
      this.#finishHead(head);
    }
  }
}
