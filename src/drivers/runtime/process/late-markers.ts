/**
 * The 50 ms rule (src/guest/PROTOCOL.md): a run whose markers are late ends without them. One coarse timer serves all
 * workers, and only while somebody waits, so that a run costs no timer of its own.
 */

/** Longest wait for a marker after its result, in milliseconds. */
const PATIENCE = 50;
const TICK = 25;

export interface LateMarkers {
  giveUpMarkers(): void;
}

const waiting = new Map<LateMarkers, number>();
let scheduled = false;

const schedule = (): void => {
  if (!scheduled) setTimeout(sweep, TICK);
  scheduled = true;
};

/** After a turn in which what had arrived was read: a server that was busy must not take its own delay for the guest's. */
const giveUp = (late: LateMarkers, since: number): void => {
  if (waiting.get(late) !== since) return;
  waiting.delete(late);
  late.giveUpMarkers();
};

const sweep = (): void => {
  const now = performance.now();
  for (const [late, since] of waiting) if (now - since >= PATIENCE) setImmediate(giveUp, late, since);
  scheduled = false;
  if (waiting.size > 0) schedule();
};

/** Gives up the markers of this one unless it is forgotten in time. */
export const watchLate = (late: LateMarkers): void => {
  waiting.set(late, performance.now());
  schedule();
};

export const forgetLate = (late: LateMarkers): void => {
  waiting.delete(late);
};
