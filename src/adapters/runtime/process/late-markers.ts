/**
 * The 50 ms rule (src/guest/PROTOCOL.md): a run whose markers are late ends without them. One coarse timer serves all
 * workers, and only while somebody waits, so that a run costs no timer of its own.
 */

/** Longest wait for a marker after its result, in milliseconds. */
const PATIENCE = 50;
const TICK = 25;

export interface LateMarkers {
  /** Since when markers are late, in monotonic milliseconds; undefined while they are not. */
  lateSince: number | undefined;
  /** Whether the next sweep looks at it. */
  watched: boolean;
  giveUpMarkers(): void;
}

let watching: LateMarkers[] = [];

/** Runs after a turn in which everything that had arrived was read, so that a busy server does not blame the guest for its own delay. */
const giveUp = (late: LateMarkers, since: number): void => {
  if (late.lateSince !== since) return;
  late.lateSince = undefined;
  late.giveUpMarkers();
};

const sweep = (): void => {
  const now = performance.now();
  const waiting = watching.filter((late) => {
    late.watched = late.lateSince !== undefined;
    return late.watched;
  });
  for (const late of waiting) {
    const since = late.lateSince;
    if (since !== undefined && now - since >= PATIENCE) setImmediate(giveUp, late, since);
  }
  watching = waiting;
  if (waiting.length > 0) setTimeout(sweep, TICK);
};

/** Gives up the markers of this one unless they come in time. */
export const watchLate = (late: LateMarkers): void => {
  late.lateSince ??= performance.now();
  if (late.watched) return;
  late.watched = true;
  if (watching.push(late) === 1) setTimeout(sweep, TICK);
};
