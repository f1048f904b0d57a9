/** A worker: one sandboxed guest, spoken to in frames (src/guest/PROTOCOL.md). */
import { randomBytes } from "node:crypto";
import type { Duplex, Readable } from "node:stream";
import { masked, type SecretMask } from "../../../core/shared/mask/mask.ts";
import { messageOf } from "../../../core/shared/message-of.ts";
import {
  type Afterwards,
  type FunctionFailure,
  type InvocationListener,
  type Limits,
  LoadError,
  type LoadSpec,
  type StopReason,
  type Worker,
  type WorkerExit,
} from "../../../core/shared/ports.ts";
import { visibleText } from "../../../core/shared/visible-text.ts";
import { emptyFrame, FrameReader, FrameType, HEADER_BYTES, textFrame, writeHeader } from "../../../guest/frames.ts";
import { FloodGauge, MESSAGE_LIMITS, OUTPUT_LIMITS, ReadingPace } from "./flood-gauge.ts";
import { FrameWriter } from "./frame-writer.ts";
import { Invocations, type Violation } from "./invocations.ts";
import type { Log } from "./log.ts";
import { type StreamName, StreamSplitter } from "./log-capture.ts";
import type { SandboxedProcess } from "./sandbox.ts";
import { failureOfExit, workerExit } from "./worker-exit.ts";

export interface WorkerOptions {
  readonly id: string;
  readonly process: SandboxedProcess;
  readonly limits: Limits;
  /** Where the guest puts the function's files. */
  readonly folder: string;
  /** Where the guest finds the image's dependencies, if any. */
  readonly modules: string | undefined;
  /** The guest has a process namespace of its own. */
  readonly alone: boolean;
  readonly maxLogBytes: number;
  readonly maxOutputBytes: number;
  /** Longest time until it is warmed. */
  readonly startMilliseconds: number;
  /** Longest time that loading a function may take. */
  readonly loadMilliseconds: number;
  readonly log: Log;
}

/** Error frames and the like may be a little longer than the longest output. */
const FRAME_SLACK = 256 * 1024;

/** How many bytes of output between two runs are written to the debug log. */
const STRAY_LIMIT = 64 * 1024;

/** The shortest text that a guest cuts. */
const SHORTEST_CUT = 500;

/** Letters of a run's title, as the guests cut it. */
const LONGEST_TITLE = 200;

/** Letters of one such line in the debug log. */
const LONGEST_STRAY = 2000;

/** Milliseconds in which an idle worker answers. */
const PROBE_PATIENCE = 2000;

const FLOOD = `wrote output without end, more than ${OUTPUT_LIMITS.rate / 1024 / 1024} MB a second`;
const MESSAGE_FLOOD = `sent messages without end, more than ${MESSAGE_LIMITS.rate} a second`;

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

const parseFailure = (text: string): FunctionFailure => {
  try {
    const { type, message, stacktrace } = JSON.parse(text) as Record<string, unknown>;
    return {
      type: type === "InputError" ? "InputError" : "FunctionError",
      message: String(message),
      stacktrace: Array.isArray(stacktrace) ? stacktrace.map(String) : null,
    };
  } catch {
    return { type: "FunctionError", message: "the worker sent an error that cannot be read", stacktrace: null };
  }
};

const parseLate = (text: string): Omit<Afterwards, "run"> => {
  const { stream, text: said } = JSON.parse(text) as Record<string, unknown>;
  const kind = stream === "error" ? "failure" : stream === "stdout" ? "stdout" : "stderr";
  return { kind, text: String(said) };
};

const streamEnded = (stream: Readable): Promise<void> =>
  new Promise((resolve) => {
    if (stream.destroyed || stream.readableEnded) resolve();
    else stream.once("close", () => resolve());
  });

class ProcessWorker implements Worker {
  readonly id: string;
  readonly exited: Promise<WorkerExit>;
  /** Settles with the first `ready`. */
  readonly warmed: Promise<void>;
  readonly #options: WorkerOptions;
  readonly #invocations: Invocations;
  readonly #writer: FrameWriter;
  readonly #output = new FloodGauge(OUTPUT_LIMITS);
  readonly #messages = new FloodGauge(MESSAGE_LIMITS);
  readonly #marker = randomBytes(8).toString("hex");
  #limits: Limits;
  #state: "warming" | "generic" | "loading" | "loaded" = "warming";
  #ready: Waiter | undefined;
  #afterwards: LoadSpec["afterwards"];
  /** What it did that no honest guest does: it is ended for that. */
  #violation: string | undefined;
  #probe: NodeJS.Timeout | undefined;
  /** The guest has already reported why it will end after its runs. */
  #failureTold = false;
  #stopReason: StopReason | undefined;
  #flooding = false;
  #stopping: Promise<void> | undefined;
  #exit: WorkerExit | undefined;
  #strayBytes = 0;
  #complaint = "";
  /** Masks of every secret that this worker was ever given: its function may have kept the values. */
  readonly #masks = new Set<SecretMask>();

  constructor(options: WorkerOptions, channel: Duplex) {
    this.id = options.id;
    this.#options = options;
    this.#limits = options.limits;
    this.#invocations = new Invocations(options.maxLogBytes);
    this.#writer = new FrameWriter(channel);
    this.warmed = this.#readyWithin(options.startMilliseconds, "the worker was not ready");
    this.#listen(channel);
    this.exited = this.#follow();
  }

  async load(spec: LoadSpec): Promise<void> {
    this.#applyLimits(spec);
    this.#strayBytes = 0;
    this.#afterwards = spec.afterwards;
    this.#state = "loading";
    const ready = this.#readyWithin(this.#options.loadMilliseconds, "the function was not loaded");
    this.#sendLoad(spec);
    await ready;
  }

  invoke(envelope: string, listener: InvocationListener): number {
    for (const mask of listener.tag?.masks ?? []) this.#masks.add(mask);
    const number = this.#invocations.add(listener);
    this.#strayBytes = 0;
    if (this.#exit === undefined) this.#writer.write(textFrame(FrameType.invoke, number, envelope));
    else queueMicrotask(() => this.#invocations.end(failureOfExit(this.#exit as WorkerExit, this.#limits.memory)));
    return number;
  }

  cancel(invocation: number): void {
    this.#invocations.cancelling(invocation);
    this.#writer.write(emptyFrame(FrameType.cancel, invocation));
  }

  probe(): void {
    if (this.#probe !== undefined || this.#exit !== undefined || !this.#invocations.idle) return;
    this.#writer.write(emptyFrame(FrameType.probe, 0));
    // Judged after a turn in which everything that had arrived was read, so that a busy server does not blame the guest for its own delay.
    this.#probe = setTimeout(() => setImmediate(() => this.#unanswered()), PROBE_PATIENCE).unref();
  }

  stop(reason: StopReason): Promise<void> {
    this.#stopReason ??= reason;
    this.#flooding ||= this.#stopReason === "timeout" && this.#output.isHigh;
    this.#stopping ??= this.#options.process.terminate().then(() => this.exited.then(() => undefined));
    return this.#stopping;
  }

  #applyLimits({ limits, yields }: LoadSpec): void {
    try {
      this.#options.process.setLimits(limits, yields);
      this.#limits = limits;
    } catch (error) {
      const reason = messageOf(error);
      throw new LoadError(`the limits of the function cannot be set (memory ${limits.memory} MB): ${reason}`);
    }
  }

  #sendLoad({ handler, environment, bundle }: LoadSpec): void {
    const { folder, modules, maxOutputBytes } = this.#options;
    const marker = this.#marker;
    const alone = this.#options.alone;
    const header = JSON.stringify({ handler, environment, marker, folder, modules, maxOutputBytes, alone });
    const length = Buffer.byteLength(header);
    const start = Buffer.alloc(HEADER_BYTES + 4 + length);
    writeHeader(start, FrameType.load, 0, 4 + length + bundle.length);
    start.writeUInt32BE(length, HEADER_BYTES);
    start.write(header, HEADER_BYTES + 4);
    this.#writer.write(start);
    this.#writer.write(bundle);
  }

  async #readyWithin(milliseconds: number, words: string): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      void this.stop("timeout");
    }, milliseconds);
    try {
      await this.#nextReady();
    } catch (error) {
      if (!late) throw error;
    } finally {
      clearTimeout(timer);
    }
    // Also when it was ready after all: it is being ended by then.
    if (late)
      throw new LoadError(`${this.#complaint}\n${words} within ${milliseconds / 1000} s, so it was ended`.trim());
  }

  #nextReady(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#ready = { resolve, reject };
    });
  }

  #listen(channel: Duplex): void {
    const limit = this.#options.maxOutputBytes + FRAME_SLACK;
    const reader = new FrameReader((type, number, bytes, start, end) => {
      this.#hear(type, number, bytes, start, end);
    }, limit);
    channel.on("data", (chunk: Buffer) => {
      if (this.#violation === undefined && !reader.feed(chunk)) this.#judge("sent a message that is too long");
    });
    this.#capture("stdout", this.#options.process.stdout);
    this.#capture("stderr", this.#options.process.stderr);
  }

  #capture(stream: StreamName, source: Readable): void {
    const splitter = new StreamSplitter(this.#marker, this.#options.maxLogBytes, {
      wants: () => !(this.#invocations.recordOf(stream)?.full ?? this.#strayBytes > STRAY_LIMIT),
      line: (text, bytes, isWhole) => this.#line(stream, isWhole ? this.#masked(text) : this.#maskedCut(text), bytes),
      leftOut: (bytes) => this.#invocations.recordOf(stream)?.leaveOut(bytes),
      marker: (number) => this.#judge(this.#invocations.marker(stream, number)),
    });
    const pace = new ReadingPace();
    const listen = (chunk: Buffer): void => {
      if (this.#violation !== undefined) return;
      if (this.#output.overflows(chunk.length)) this.#judge(FLOOD);
      else splitter.feed(chunk);
      const pause = pace.pauseAfter(chunk.length);
      if (pause <= 0) return;
      source.pause();
      setTimeout(() => source.resume(), pause);
    };
    source.on("data", listen).on("end", () => splitter.end());
  }

  /** `text` is masked. */
  #line(stream: StreamName, text: string, bytes: number): void {
    const record = this.#invocations.recordOf(stream);
    if (record !== undefined) {
      record.add(stream, text, bytes);
      return;
    }
    this.#strayBytes += bytes;
    if (stream === "stderr") this.#complaint = `${this.#complaint}\n${text}`.slice(-2000);
    if (this.#invocations.tagOf(0) !== undefined) this.#tell(0, { kind: stream, text });
    else {
      const line = text.slice(0, LONGEST_STRAY);
      this.#options.log.debug({ worker: this.id, stream, line }, "output outside of a run");
    }
  }

  /** `event` is masked. */
  #tell(number: number, event: Omit<Afterwards, "run">): void {
    this.#afterwards?.({ ...event, run: this.#invocations.tagOf(number)?.id });
  }

  #masked(text: string): string {
    return this.#masks.size === 0 ? text : masked(this.#masks, text);
  }

  /** Guests cut what is long, and may cut a value in two. */
  #maskedCut(text: string): string {
    return this.#masks.size === 0 ? text : masked(this.#masks, text, text.length >= SHORTEST_CUT);
  }

  #maskedFailure(failure: FunctionFailure): FunctionFailure {
    if (this.#masks.size === 0) return failure;
    const stacktrace = failure.stacktrace?.map((line) => this.#maskedCut(line)) ?? null;
    return { ...failure, message: this.#maskedCut(failure.message), stacktrace };
  }

  #hear(type: number, number: number, bytes: Buffer, start: number, end: number): void {
    if (this.#violation === undefined) this.#judge(this.#heard(type, number, bytes, start, end));
  }

  #heard(type: number, number: number, bytes: Buffer, start: number, end: number): Violation {
    if (type === FrameType.started) return this.#invocations.started(number);
    if (type === FrameType.result) {
      return this.#invocations.finished(number, bytes.toString("utf8", start, end), undefined);
    }
    if (type === FrameType.error) return this.#hearError(number, parseFailure(bytes.toString("utf8", start, end)));
    if (type === FrameType.cancelled) return this.#invocations.cancelled(number);
    if (type === FrameType.ready) return this.#hearReady();
    if (this.#messages.overflows(1)) return MESSAGE_FLOOD;
    if (this.#output.overflows(end - start)) return FLOOD;
    if (type === FrameType.late) return this.#hearLate(number, bytes.toString("utf8", start, end));
    if (type === FrameType.idle) return this.#hearIdle(number);
    if (type === FrameType.title) return this.#hearTitle(number, bytes.toString("utf8", start, end));
    return `sent a message of the unknown type ${type}`;
  }

  #hearReady(): Violation {
    if (this.#state !== "warming" && this.#state !== "loading") return "said that it was ready when nobody had asked";
    this.#state = this.#state === "warming" ? "generic" : "loaded";
    this.#ready?.resolve();
    return undefined;
  }

  #hearError(number: number, failure: FunctionFailure): Violation {
    if (number !== 0) return this.#invocations.finished(number, undefined, this.#maskedFailure(failure));
    if (this.#state !== "loading") return "said that it could not be loaded when nothing was being loaded";
    this.#state = "generic";
    this.#ready?.reject(new LoadError(failure.message));
    return undefined;
  }

  #hearLate(number: number, text: string): Violation {
    try {
      const event = parseLate(text);
      if (event.kind === "failure") this.#failureTold = true;
      this.#strayBytes += text.length;
      if (this.#strayBytes <= STRAY_LIMIT) this.#tell(number, { ...event, text: this.#maskedCut(event.text) });
      return undefined;
    } catch {
      return "sent output that cannot be read";
    }
  }

  #hearTitle(number: number, text: string): Violation {
    const said = this.#masks.size === 0 ? text : masked(this.#masks, text, text.length >= LONGEST_TITLE);
    const line = visibleText(said.slice(0, LONGEST_TITLE).replaceAll(/\s+/g, " ").trim());
    return this.#invocations.titled(number, line.slice(0, LONGEST_TITLE));
  }

  #hearIdle(number: number): Violation {
    if (this.#probe === undefined) return "answered what nobody had asked";
    clearTimeout(this.#probe);
    this.#probe = undefined;
    return number === 0 ? undefined : `went on with run ${number} after it had sent its result`;
  }

  #unanswered(): void {
    if (this.#probe !== undefined) this.#judge("did not answer after the end of its run");
  }

  #judge(violation: Violation): void {
    if (violation === undefined || this.#violation !== undefined) return;
    this.#violation = violation;
    void this.stop("protocol");
  }

  /** It ended by itself or by its own fault, and that has not been reported yet. */
  #isSurprise({ reason }: WorkerExit): boolean {
    if (this.#state !== "loaded" || this.#failureTold) return false;
    return reason === "exited" || reason === "memory" || reason === "protocol";
  }

  async #follow(): Promise<WorkerExit> {
    const { process } = this.#options;
    const exit = await process.exited;
    const streams = [process.channel, process.stdout, process.stderr];
    await Promise.all(streams.map((stream) => (stream ? streamEnded(stream) : undefined)));
    clearTimeout(this.#probe);
    const ended = workerExit(exit, this.#stopReason, this.#violation);
    const known = this.#flooding ? { ...ended, flooding: true } : ended;
    this.#exit = known;
    const failure = failureOfExit(known, this.#limits.memory);
    this.#ready?.reject(new LoadError([this.#complaint.trim(), `${failure.message}, while loading`].join("\n").trim()));
    if (!this.#invocations.running && this.#isSurprise(known))
      this.#tell(0, { kind: "failure", text: failure.message });
    this.#invocations.end(failure);
    return known;
  }
}

/**
 * Makes the worker of a guest that was just started; resolves when it is warmed.
 * @throws LoadError with what the guest or the sandbox complained about when it ended instead.
 */
export const createWorker = async (options: WorkerOptions): Promise<Worker> => {
  const { channel } = options.process;
  if (channel === undefined) throw new Error("a worker needs a channel");
  const worker = new ProcessWorker(options, channel);
  await worker.warmed;
  return worker;
};
