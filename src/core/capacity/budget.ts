/**
 * How many workers may live and how many may start at once, and whose turn it is. No organization has all of them: some
 * are left to others. Served first is the organization with the fewest workers; there the deepest call, because others wait
 * for it; then the function with the fewest workers; then whoever has waited longest.
 */
import type { Claimant, Demand } from "./demand.ts";
import { Share } from "./share.ts";

/** One of every so many workers is kept for other organizations, at least one in all. */
const LEFT_SHARE = 8;

/** With fewer workers in all, one is kept for others only after a second organization has asked for workers. */
const ALWAYS_LEFT_FROM = 4;

/** Additional starts at once, for organizations of which no worker is starting: slow starts of others must not delay them. */
const FURTHER_STARTS = 2;

/**
 * Ends an idle worker, if there is one, and says whether one ends.
 * @param own only one of the same organization makes room, which has as many as it may.
 */
export type Evict = (organization: string, own: boolean) => boolean;

interface Waiting {
  readonly demand: Demand;
  readonly share: Share;
  go(): void;
}

export class WorkerBudget {
  readonly maxWorkers: number;
  readonly #maxStarting: number;
  readonly #evict: Evict;
  /** By organization, for those that have functions in use. */
  readonly #shares = new Map<string, Share>();
  /** Of those whose workers are starting, one entry a worker. */
  readonly #starting: Share[] = [];
  readonly #waiting: Waiting[] = [];
  #living = 0;

  constructor(maxWorkers: number, maxStarting: number, evict: Evict) {
    this.maxWorkers = maxWorkers;
    this.#maxStarting = maxStarting;
    this.#evict = evict;
  }

  shareOf(organization: string): Share {
    const known = this.#shares.get(organization);
    if (known !== undefined) return known;
    const share = new Share(organization, () => this.#most());
    this.#shares.set(organization, share);
    return share;
  }

  /** Forgets organizations besides these that have nothing. */
  keepOnly(inUse: ReadonlySet<string>): void {
    for (const [organization, share] of this.#shares) {
      const isIdle = share.held === 0 && !this.#waiting.some((waiting) => waiting.share === share);
      if (isIdle && !inUse.has(organization)) this.#shares.delete(organization);
    }
  }

  /** Begins as soon as a worker may be started, and is told of its end by `ended`. */
  async start<T>(demand: Demand, begin: () => Promise<T>): Promise<T> {
    const share = this.shareOf(demand.claimant.organization);
    await new Promise<void>((go) => {
      this.#waiting.push({ demand, share, go });
      this.settle();
    });
    try {
      return await begin();
    } catch (error) {
      this.#end(share);
      throw error;
    } finally {
      this.#starting.splice(this.#starting.indexOf(share), 1);
      this.settle();
    }
  }

  ended(organization: string): void {
    this.#end(this.shareOf(organization));
    this.settle();
  }

  /** Whether a worker that has just ended a call should end, so that another function gets one. */
  isOwed(holder: Claimant): boolean {
    const next = this.#waiting.length === 0 ? undefined : this.#firstWithoutRoom();
    if (next === undefined || next.demand.claimant === holder) return false;
    if (next.share.organization === holder.organization) return isBehind(next.demand, holder);
    if (next.share.held >= next.share.most) return false;
    return this.shareOf(holder.organization).held > next.share.held + 1;
  }

  /** Serves whoever is next, and makes room for whoever has none. To be called when a worker becomes idle. */
  settle(): void {
    if (this.#waiting.length === 0 && this.#living <= this.maxWorkers) return;
    for (let next = this.#firstWithRoom(); next !== undefined; next = this.#firstWithRoom()) this.#grant(next);
    const next = this.#firstWithoutRoom();
    if (next === undefined) {
      if (this.#living > this.maxWorkers) this.#evict("", false);
      return;
    }
    const { demand, share } = next;
    const isEnding = this.#evict(share.organization, share.held >= share.most);
    if (!isEnding && share.isDeepest(demand.depth) && this.#mayBegin(share)) this.#grant(next);
  }

  #most(): number {
    const left = this.maxWorkers < ALWAYS_LEFT_FROM && this.#shares.size < 2 ? 0 : this.maxWorkers / LEFT_SHARE;
    return Math.max(1, this.maxWorkers - Math.ceil(left));
  }

  #grant(next: Waiting): void {
    this.#waiting.splice(this.#waiting.indexOf(next), 1);
    this.#living++;
    this.#starting.push(next.share);
    next.demand.granted(next.share);
    next.go();
  }

  #end(share: Share): void {
    share.held--;
    this.#living--;
  }

  #mayBegin(share: Share): boolean {
    const further = this.#starting.includes(share) ? 0 : FURTHER_STARTS;
    return this.#starting.length < this.#maxStarting + further;
  }

  #hasRoom(share: Share): boolean {
    return this.#living < this.maxWorkers && share.held < share.most;
  }

  #firstWithRoom(): Waiting | undefined {
    return this.#first(
      ({ demand, share }) =>
        this.#hasRoom(share) && this.#mayBegin(share) && (demand.spare || share.admits(demand.depth)),
    );
  }

  #firstWithoutRoom(): Waiting | undefined {
    return this.#first(({ demand, share }) => !demand.spare && !this.#hasRoom(share) && share.admits(demand.depth));
  }

  #first(suits: (waiting: Waiting) => boolean): Waiting | undefined {
    return this.#waiting.filter(suits).sort(byTurn)[0];
  }
}

function byTurn(a: Waiting, b: Waiting): number {
  return (
    Number(a.demand.spare) - Number(b.demand.spare) ||
    a.share.held - b.share.held ||
    b.demand.depth - a.demand.depth ||
    a.demand.claimant.workers - b.demand.claimant.workers
  );
}

/** Whether the claimant should get a worker that the holder has; both are of the same organization. */
function isBehind({ claimant, depth, waitsSince }: Demand, holder: Claimant): boolean {
  if (claimant.workers > 0) return holder.workers > claimant.workers + 1;
  if (holder.workers > 1 || depth > holder.depth) return true;
  return depth === holder.depth && waitsSince < holder.waitsSince;
}
