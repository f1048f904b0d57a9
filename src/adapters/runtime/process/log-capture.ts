/**
 * Captures what a function writes to stdout and stderr, by run. Both streams of a worker have a splitter, which cuts the
 * bytes at markers (src/guest/PROTOCOL.md) and newlines; a run has a record that collects its lines up to a limit.
 */
import type { InvocationListener, RunLogs } from "../../../core/shared/ports.ts";

export type StreamName = "stdout" | "stderr";

const MEBIBYTE = 1024 * 1024;

/** `1 MB`, or bytes where that would be a fraction. */
const sizeText = (bytes: number): string => (bytes % MEBIBYTE === 0 ? `${bytes / MEBIBYTE} MB` : `${bytes} bytes`);

/** The beginning of a line, so many bytes at most and no half of a letter. */
const beginningOf = (line: string, bytes: number): string =>
  new TextDecoder().decode(Buffer.from(line).subarray(0, bytes), { stream: true });

export type LineListener = Pick<InvocationListener, "log">;

/** The lines of one run; both streams share the limit. */
export class LogRecord {
  #stdout: string[] | null = null;
  #stderr: string[] | null = null;
  #left: number;
  /** The stream whose last line says that the limit was reached. */
  #ended: StreamName | undefined;
  readonly #limit: number;
  readonly #listener: LineListener;

  constructor(limit: number, listener: LineListener) {
    this.#left = limit;
    this.#limit = limit;
    this.#listener = listener;
  }

  get full(): boolean {
    return this.#left < 0;
  }

  /** Adds one line of so many bytes; of the first that passes the limit the beginning is kept, and a line says so. */
  add(stream: StreamName, line: string, bytes: number): void {
    if (this.full) {
      this.leaveOut(bytes);
      return;
    }
    const left = this.#left;
    this.#left -= bytes;
    if (this.full) this.#end(stream, beginningOf(line, left));
    else this.#put(stream, line);
  }

  /** Counts what nobody wanted to hear any more. */
  leaveOut(bytes: number): void {
    this.#left -= bytes;
  }

  /** Gives its lines to the record of the run that really wrote them. */
  moveTo(other: LogRecord): void {
    for (const stream of ["stdout", "stderr"] as const) {
      for (const line of this.logs[stream] ?? []) other.add(stream, line, Buffer.byteLength(line) + 1);
    }
  }

  get logs(): RunLogs {
    const logs = { stdout: this.#stdout, stderr: this.#stderr };
    if (this.#ended === undefined) return logs;
    const said = logs[this.#ended]?.slice(0, -1) ?? [];
    return { ...logs, [this.#ended]: [...said, `${this.#notice} (${-this.#left} bytes)`] };
  }

  get #notice(): string {
    return `... log limit of ${sizeText(this.#limit)} reached, the rest is left out`;
  }

  #end(stream: StreamName, beginning: string): void {
    if (beginning !== "") this.#put(stream, beginning);
    this.#put(stream, this.#notice);
    this.#ended = stream;
  }

  #put(stream: StreamName, line: string): void {
    if (stream === "stdout") {
      this.#stdout ??= [];
      this.#stdout.push(line);
    } else {
      this.#stderr ??= [];
      this.#stderr.push(line);
    }
    this.#listener.log(stream, line);
  }
}

const NEWLINE = 10;

/** The value of a hexadecimal digit, given as the code of its lower-case letter. */
const hexValue = (letter: number): number => (letter < 0x61 ? letter - 0x30 : letter - 0x57);

const NUMBER_DIGITS = 8;
const NOTHING = Buffer.alloc(0);

/** What a splitter cuts its stream into. */
export interface StreamSink {
  /** Whether lines are still wanted; when not, only markers are looked for. */
  wants(): boolean;
  /** `isWhole`: the line ended, or the stream; else it is a piece of one that is too long to wait for. */
  line(text: string, bytes: number, isWhole: boolean): void;
  /** Counts bytes that were not wanted. */
  leftOut(bytes: number): void;
  marker(invocation: number): void;
}

/** Cuts one stream into lines and markers. Lines keep everything but their newline. */
export class StreamSplitter {
  readonly #marker: Buffer;
  readonly #markerBytes: number;
  readonly #sink: StreamSink;
  readonly #longestLine: number;
  #carry: Buffer = NOTHING;

  constructor(marker: string, longestLine: number, sink: StreamSink) {
    this.#marker = Buffer.from(`\0${marker}:`);
    this.#markerBytes = this.#marker.length + NUMBER_DIGITS + 1;
    this.#sink = sink;
    this.#longestLine = longestLine;
  }

  feed(chunk: Buffer): void {
    // The common case: runs wrote nothing, so their markers come alone.
    if (this.#carry.length === 0 && this.#isMarkers(chunk)) {
      for (let at = 0; at < chunk.length; at += this.#markerBytes) this.#sink.marker(this.#numberAt(chunk, at));
      return;
    }
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > 0) this.#cut(this.#carry.length === 0 ? chunk.subarray(0, end) : this.#joined(chunk.subarray(0, end)));
    if (end < chunk.length) this.#keep(chunk.subarray(end));
  }

  /** The stream ended: what is left is a line. */
  end(): void {
    this.#lines(this.#joined(NOTHING));
  }

  #joined(more: Buffer): Buffer {
    const whole = Buffer.concat([this.#carry, more]);
    this.#carry = NOTHING;
    return whole;
  }

  /** An endless line is given in pieces; the end of a piece may be the beginning of a marker, so that stays. */
  #keep(rest: Buffer): void {
    this.#carry = Buffer.concat([this.#carry, rest]);
    const longest = this.#sink.wants() ? this.#longestLine : 0;
    if (this.#carry.length <= longest + this.#markerBytes) return;
    const kept = this.#carry.length - this.#markerBytes;
    this.#lines(this.#carry.subarray(0, kept), false);
    this.#carry = Buffer.from(this.#carry.subarray(kept));
  }

  #isMarkers(chunk: Buffer): boolean {
    if (chunk.length % this.#markerBytes !== 0) return false;
    for (let start = 0; start < chunk.length; start += this.#markerBytes) {
      for (let at = 0; at < this.#marker.length; at++) if (chunk[start + at] !== this.#marker[at]) return false;
    }
    return true;
  }

  #numberAt(bytes: Buffer, at: number): number {
    const digits = at + this.#marker.length;
    let number = 0;
    for (let digit = digits; digit < digits + NUMBER_DIGITS; digit++)
      number = number * 16 + hexValue(bytes[digit] ?? 0);
    return number;
  }

  /** `bytes` ends with a newline, so every marker in it is whole. */
  #cut(bytes: Buffer): void {
    let from = 0;
    for (let at = bytes.indexOf(this.#marker); at >= 0; at = bytes.indexOf(this.#marker, from)) {
      this.#lines(bytes.subarray(from, at));
      this.#sink.marker(this.#numberAt(bytes, at));
      from = at + this.#markerBytes;
    }
    this.#lines(bytes.subarray(from));
  }

  #lines(bytes: Buffer, isWhole = true): void {
    let from = 0;
    while (from < bytes.length && this.#sink.wants()) {
      const newline = bytes.indexOf(NEWLINE, from);
      const end = newline < 0 ? bytes.length : newline;
      const isPiece = newline < 0 && !isWhole;
      this.#sink.line(bytes.toString("utf8", from, end), end - from + (isPiece ? 0 : 1), !isPiece);
      from = end + 1;
    }
    if (from < bytes.length) this.#sink.leftOut(bytes.length - from);
  }
}
