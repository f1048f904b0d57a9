/** The invocations inside one worker, in order: whose output is whose, and when each is over. */
import type { FunctionFailure, InvocationListener } from "../../../core/shared/ports.ts";
import { type LateMarkers, watchLate } from "./late-markers.ts";
import { LogRecord, type StreamName } from "./log-capture.ts";

interface Invocation {
  readonly number: number;
  readonly listener: InvocationListener;
  readonly record: LogRecord;
  started: boolean;
  output: string | undefined;
  error: FunctionFailure | undefined;
}

const hasResult = (invocation: Invocation): boolean =>
  invocation.output !== undefined || invocation.error !== undefined;

const settle = ({ listener, record, output, error }: Invocation): void => {
  const { logs } = record;
  if (error !== undefined) listener.finished({ error, logs });
  else listener.finished({ output: output ?? "null", logs });
};

export class Invocations implements LateMarkers {
  lateSince: number | undefined;
  watched = false;
  readonly #maxLogBytes: number;
  /** The first is running or next to run. */
  readonly #waiting: Invocation[] = [];
  #lastNumber = 0;
  /** The last marker seen on each stream. */
  readonly #marked = { stdout: 0, stderr: 0 };

  constructor(maxLogBytes: number) {
    this.#maxLogBytes = maxLogBytes;
  }

  add(listener: InvocationListener): number {
    this.#lastNumber += 1;
    const record = new LogRecord(this.#maxLogBytes, listener);
    const number = this.#lastNumber;
    this.#waiting.push({ number, listener, record, started: false, output: undefined, error: undefined });
    return number;
  }

  started(number: number): void {
    const invocation = this.#find(number);
    if (invocation === undefined || invocation.started) return;
    invocation.started = true;
    invocation.listener.started();
  }

  finished(number: number, output: string | undefined, error: FunctionFailure | undefined): void {
    const invocation = this.#find(number);
    if (invocation === undefined || hasResult(invocation)) return;
    this.started(number);
    invocation.output = output;
    invocation.error = error;
    this.#advance();
  }

  cancelled(number: number): void {
    const at = this.#waiting.findIndex((invocation) => invocation.number === number && !invocation.started);
    const [invocation] = at < 0 ? [] : this.#waiting.splice(at, 1);
    if (invocation === undefined) return;
    const next = this.#waiting[at];
    // It never ran: what was read as its output, before this news from another descriptor, is of the one behind it.
    if (next !== undefined) invocation.record.moveTo(next.record);
    invocation.listener.returned();
  }

  /** The record to which the next line of a stream belongs; undefined between runs. */
  recordOf(stream: StreamName): LogRecord | undefined {
    const marked = this.#marked[stream];
    for (const invocation of this.#waiting) if (invocation.number > marked) return invocation.record;
    return undefined;
  }

  marker(stream: StreamName, number: number): void {
    if (number > this.#marked[stream]) this.#marked[stream] = number;
    this.#advance();
  }

  /** Markers that should have come have not: their invocation is over without them. */
  giveUpMarkers(): void {
    const [head] = this.#waiting;
    if (head === undefined || !hasResult(head)) return;
    this.#finishHead(head);
    this.#advance();
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

  #find(number: number): Invocation | undefined {
    for (const invocation of this.#waiting) if (invocation.number === number) return invocation;
    return undefined;
  }

  #finishHead(head: Invocation): void {
    this.#waiting.shift();
    this.lateSince = undefined;
    settle(head);
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
