/**
 * What one organization has of the server's workers. Room for calls by other calls is kept, or those would wait for
 * workers that wait for them: while functions call each other, calls of depth d begin while fewer than (most - deepest
 * depth + d) workers are busy.
 */

/** So long after the last call by a call room is kept for others. */
const KEPT_MS = 10 * 60_000;

export class Share {
  readonly organization: string;
  /** Workers that live or start. */
  held = 0;
  readonly #most: () => number;
  /** Workers that are busy, or start, for a call of this depth. */
  readonly #busy: number[] = [];
  readonly #blocked = new Set<() => void>();
  #busyAll = 0;
  #deepest = 0;
  #nestedAt = 0;

  constructor(organization: string, most: () => number) {
    this.organization = organization;
    this.#most = most;
  }

  /** Workers that it may have. */
  get most(): number {
    return this.#most();
  }

  /** A worker begins with a call of this depth ... */
  enter(depth: number): void {
    this.#busy[depth] = (this.#busy[depth] ?? 0) + 1;
    this.#busyAll++;
  }

  /** ... and has become idle. */
  leave(depth: number): void {
    this.#busy[depth] = (this.#busy[depth] ?? 1) - 1;
    this.#busyAll--;
    const blocked = [...this.#blocked];
    this.#blocked.clear();
    for (const wake of blocked) setImmediate(wake);
  }

  /** A call of this depth has come. */
  note(depth: number): void {
    if (depth === 0) return;
    this.#deepest = Math.max(depth, this.#recentDepth());
    this.#nestedAt = performance.now();
  }

  /** Whether a call of this depth may begin. */
  admits(depth: number): boolean {
    const deepest = this.#recentDepth();
    if (deepest === 0 || this.isDeepest(depth)) return true;
    const { most } = this;
    return this.#busyAll < Math.min(most, Math.max(1, most - deepest) + depth);
  }

  /** Calls `wake` once, as soon as one more call may begin. */
  whenLess(wake: () => void): void {
    this.#blocked.add(wake);
  }

  /** Whether a call by another call is deeper than all that are going on: it always gets a worker, so that calls that wait for each other never block. */
  isDeepest(depth: number): boolean {
    return depth > 0 && !this.#busy.some((count, at) => at >= depth && count > 0);
  }

  #recentDepth(): number {
    if (this.#deepest > 0 && performance.now() - this.#nestedAt > KEPT_MS) this.#deepest = 0;
    return this.#deepest;
  }
}
