/**
 * Requests begin in fair turns. Those of a flood arrive many at once; begun one after the other they make one long turn of the event
 * loop, and whoever asks for something else waits for all of them, at each step of its way again. So requests are begun for a
 * moment each turn; the others wait for the next one, where everything that is asked for has one place in the row. While everybody
 * asks for the same, long turns cost nobody anything and save work: then nobody waits.
 */
import type { IncomingMessage, RequestListener } from "node:http";

/** Milliseconds of a turn in which requests are begun; one at least. */
const MOST_MS = 1;
/** Milliseconds for which it is remembered that different things were asked for. */
const MIXED_MS = 1000;

type Request = Parameters<RequestListener>;

/** The same listener, in fair turns. The clock and the next turn are for tests. */
export function inFairTurns(
  listener: RequestListener,
  now: () => number = () => performance.now(),
  next: (turn: () => void) => void = setImmediate,
): RequestListener {
  const row = new Row();
  let last: string | undefined;
  let mixedUntil = 0;
  const isMixed = ({ url = "" }: IncomingMessage): boolean => {
    const time = now();
    if (url !== last && last !== undefined) mixedUntil = time + MIXED_MS;
    last = url;
    return time < mixedUntil;
  };
  /** When the first of this turn began; undefined before it. */
  let begun: number | undefined;
  const isOver = (): boolean => begun !== undefined && now() - begun >= MOST_MS;
  const open = (): void => {
    begun = now();
    next(turn);
  };
  const turn = (): void => {
    begun = undefined;
    if (row.isEmpty) return;
    open();
    do row.take((request) => listener(...request));
    while (!row.isEmpty && !isOver());
  };
  return (...request) => {
    const waits = isMixed(request[0]) || !row.isEmpty;
    if (waits && begun === undefined) open();
    if (row.isEmpty && !(waits && isOver())) listener(...request);
    else row.add(request);
  };
}

/** Who waits: each thing that is asked for has one place, however many ask for it. */
class Row {
  readonly #lanes = new Map<string, Request[]>();

  get isEmpty(): boolean {
    return this.#lanes.size === 0;
  }

  add(request: Request): void {
    const key = wishOf(request[0]);
    const lane = this.#lanes.get(key);
    if (lane === undefined) this.#lanes.set(key, [request]);
    else lane.push(request);
  }

  /** The first in the row; the others of its lane stand at the end of it. */
  take(begin: (request: Request) => void): void {
    for (const [key, lane] of this.#lanes) {
      this.#lanes.delete(key);
      const request = lane.shift();
      if (lane.length > 0) this.#lanes.set(key, lane);
      if (request !== undefined) begin(request);
      return;
    }
  }
}

function wishOf({ headers, method, url }: IncomingMessage): string {
  return `${String(headers["x-dispatch-org"])} ${headers.host} ${method} ${url}`;
}
