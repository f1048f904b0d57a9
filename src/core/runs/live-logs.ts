/**
 * The lines of runs while they go on: pushed to whoever follows them, as they are recorded later. Everything is bounded, and a
 * follower who is slow loses lines and is told how many; the run never waits.
 */
import { DispatchError } from "../shared/errors.ts";
import type { RunRecord } from "./record.ts";

export type LiveStream = "stdout" | "stderr";

export type LiveEvent =
  | {
      readonly event: "line";
      readonly run: string;
      readonly functionName: string;
      readonly stream: LiveStream;
      readonly line: string;
    }
  /** `WITHDRAWN` is for one that never began. */
  | { readonly event: "end"; readonly run: string; readonly functionName: string; readonly status: string }
  /** Its record has changed. */
  | { readonly event: "state"; readonly run: string; readonly functionName: string; readonly status: string }
  | { readonly event: "lost"; readonly lines: number }
  /** From now on whoever follows states hears of all. */
  | { readonly event: "open" };

type Told = Exclude<LiveEvent, { readonly event: "lost" | "open" }>;

/** Whose lines are wanted. */
export interface LiveSelection {
  readonly organization: string;
  readonly run?: string | undefined;
  readonly functionName?: string | undefined;
  /** The run of this id and those that it started. */
  readonly family?: string | undefined;
  /** How runs stand, instead of what they write. */
  readonly states?: boolean;
}

type Source = Pick<RunRecord, "organization" | "id" | "functionName" | "parent">;

/** What a run that goes on has written last: for whoever begins to follow it. */
const MOST_KEPT = 64 * 1024;
const MOST_WAITING = 512 * 1024;
/** The memory that an event takes besides its line, in bytes. */
const EVENT_SIZE = 200;
const MOST_FOLLOWERS = 200;
/** Whoever listens is told that the connection lives, and whoever has gone is noticed. */
const BEAT_MS = 10_000;

/** The last lines of one run. */
export class LastLines {
  #lines: { readonly stream: LiveStream; readonly line: string }[] = [];
  #size = 0;

  add(stream: LiveStream, line: string): void {
    this.#lines.push({ stream, line });
    this.#size += line.length + 1;
    if (this.#size <= MOST_KEPT) return;
    // Half of them at once, because removing the first element of a long array is expensive.
    this.#lines = this.#lines.slice(Math.ceil(this.#lines.length / 2));
    this.#size = this.#lines.reduce((sum, one) => sum + one.line.length + 1, 0);
  }

  get all(): readonly { readonly stream: LiveStream; readonly line: string }[] {
    return this.#lines;
  }
}

export class LiveLogs {
  readonly #followers = new Set<Follower>();
  #closed = false;

  /** Whether anybody would hear of it. */
  get followed(): boolean {
    return this.#followers.size > 0;
  }

  line(source: Source, stream: LiveStream, line: string): void {
    const { id, functionName } = source;
    this.#tell(source, { event: "line", run: id, functionName, stream, line });
  }

  ended(source: Source, status: string): void {
    const { id, functionName } = source;
    this.#tell(source, { event: "end", run: id, functionName, status });
    this.state(source, status);
  }

  state(source: Source, status: string): void {
    const { id, functionName } = source;
    this.#tell(source, { event: "state", run: id, functionName, status });
  }

  /** @throws TOO_MANY_FOLLOWERS, SHUTTING_DOWN */
  follow(selection: LiveSelection): Follower {
    if (this.#closed) throw new DispatchError("SHUTTING_DOWN");
    if (this.#followers.size >= MOST_FOLLOWERS)
      throw new DispatchError("TOO_MANY_FOLLOWERS", { limit: MOST_FOLLOWERS });
    const follower = new Follower(selection, () => this.#followers.delete(follower));
    this.#followers.add(follower);
    if (selection.states) follower.push({ event: "open" });
    return follower;
  }

  close(): void {
    this.#closed = true;
    for (const follower of this.#followers) follower.end();
  }

  #tell(source: Source, event: Told): void {
    for (const follower of this.#followers) if (follower.wants(source, event)) follower.push(event);
  }
}

/** One who listens. */
export class Follower {
  readonly #selection: LiveSelection;
  readonly #left: () => void;
  #waiting: LiveEvent[] = [];
  #size = 0;
  #lost = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(selection: LiveSelection, left: () => void) {
    this.#selection = selection;
    this.#left = left;
  }

  wants({ organization, id, functionName, parent }: Source, { event }: Pick<Told, "event">): boolean {
    const { family, states = false, ...wanted } = this.#selection;
    if (states !== (event === "state")) return false;
    if (organization !== wanted.organization) return false;
    if (wanted.run !== undefined && id !== wanted.run) return false;
    if (wanted.functionName !== undefined && functionName !== wanted.functionName) return false;
    return family === undefined || id === family || parent === family;
  }

  push(event: LiveEvent): void {
    const size = event.event === "line" ? event.line.length + 1 : event.event === "state" ? EVENT_SIZE : 0;
    if (this.#size + size > MOST_WAITING) this.#lost++;
    else this.#put(event, size);
    if (event.event === "end" && this.#selection.run !== undefined) this.end();
    this.#wake?.();
  }

  /** What waits is still given; nothing more comes. */
  end(): void {
    this.#ended = true;
    this.#left();
    this.#wake?.();
  }

  #put(event: LiveEvent, size: number): void {
    if (this.#lost > 0) this.#waiting.push({ event: "lost", lines: this.#lost });
    this.#lost = 0;
    this.#waiting.push(event);
    this.#size += size;
  }

  /** The events as server-sent ones, until the run has ended, or whoever reads goes. */
  async *texts(): AsyncGenerator<string> {
    try {
      yield ": the lines of runs as they are written\n\n";
      for (;;) {
        const events = this.#take();
        if (events.length > 0) yield events.map(eventText).join("");
        else if (this.#ended) return;
        else if (!(await this.#more())) yield ":\n\n";
      }
    } finally {
      this.#left();
    }
  }

  #take(): readonly LiveEvent[] {
    const events = this.#waiting;
    this.#waiting = [];
    this.#size = 0;
    return events;
  }

  /** Whether something came before the next beat. */
  #more(): Promise<boolean> {
    return new Promise((resolve) => {
      const beat = setTimeout(resolve, BEAT_MS, false);
      this.#wake = () => {
        clearTimeout(beat);
        this.#wake = undefined;
        resolve(true);
      };
    });
  }
}

/** JSON has no line breaks, so that one line of data is enough. */
function eventText({ event, ...data }: LiveEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
