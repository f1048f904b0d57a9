/** Each watcher reads the log of events from its own position: slow ones lose nothing and delay nobody. */
import { setTimeout as sleep } from "node:timers/promises";
import { DispatchError } from "../shared/errors.ts";
import type { Database } from "../shared/ports.ts";
import { eventsAfter, keptText, lastSequence } from "./event-log.ts";

const MOST_WATCHERS = 200;
const AT_ONCE = 20;
/** Other servers emit, too. */
const LOOK_MS = 1000;
/** Whoever listens is told that the connection lives, and whoever has gone is noticed. */
const BEATS = 10;

export class EventStreams {
  readonly #database: Database;
  readonly #stop = new AbortController();
  #watchers = 0;
  #news = new AbortController();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Events are on record. */
  wake(): void {
    if (this.#watchers === 0) return;
    this.#news.abort();
    this.#news = new AbortController();
  }

  stop(): void {
    this.#stop.abort();
    this.wake();
  }

  /** As server-sent events, behind a place or from now on. @throws TOO_MANY_FOLLOWERS, SHUTTING_DOWN */
  async follow(organization: string, after?: number): Promise<AsyncGenerator<string>> {
    if (this.#stop.signal.aborted) throw new DispatchError("SHUTTING_DOWN");
    if (this.#watchers >= MOST_WATCHERS) throw new DispatchError("TOO_MANY_FOLLOWERS", { limit: MOST_WATCHERS });
    return this.#texts(organization, after ?? (await lastSequence(this.#database, organization)));
  }

  async *#texts(organization: string, from: number): AsyncGenerator<string> {
    this.#watchers++;
    try {
      yield ": events as they are received\n\n";
      let after = from;
      for (let quiet = 0; !this.#stop.signal.aborted; ) {
        const news = this.#news.signal;
        const events = await eventsAfter(this.#database, organization, { after, limit: AT_ONCE });
        after = Number(events.at(-1)?.sequence ?? after);
        if (events.length > 0) {
          quiet = 0;
          yield events
            .map((event) => `event: event\nid: ${event.sequence}\ndata: ${oneLine(keptText(event))}\n\n`)
            .join("");
          continue;
        }
        quiet = (quiet + 1) % BEATS;
        if (quiet === 0) yield ":\n\n";
        await sleep(LOOK_MS, undefined, { signal: news }).catch(() => {});
      }
    } finally {
      this.#watchers--;
    }
  }
}

/** Data is the sender's own text and may be written over several lines; inside JSON they mean nothing. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, " ");
}
