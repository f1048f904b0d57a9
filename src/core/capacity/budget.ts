/**
 * How many workers may live and how many may start at once, and whose turn it is. No organization has all of them: some
 * are left to others. Who has fewest workers is served first, then who has waited longest.
 */

/** Of so many workers one is left to others, and one at least. */
const LEFT_SHARE = 8;

/** With fewer workers than this one is only left once a second organization has asked. */
const ALWAYS_LEFT_FROM = 4;

/** @param own only a worker of the same organization makes room, which has as many as it may. */
export type MakeRoom = (own: boolean) => void;

/** Further starts at once for organizations of which no worker is starting: another's slow starts are not theirs. */
const FURTHER_STARTS = 2;

interface Waiting {
  readonly organization: string;
  /** Ends an idle worker, if there is one. Absent: nobody waits for this worker yet, so none is ended for it. */
  readonly makeRoom: MakeRoom | undefined;
  go(): void;
}

export class WorkerBudget {
  readonly #maxWorkers: number;
  readonly #maxStarting: number;
  /** Workers by organization, for all that ever asked. */
  readonly #held = new Map<string, number>();
  /** Those of which workers are starting, one entry a worker. */
  readonly #starters: string[] = [];
  readonly #waiting: Waiting[] = [];
  #living = 0;

  constructor(maxWorkers: number, maxStarting: number) {
    this.#maxWorkers = maxWorkers;
    this.#maxStarting = maxStarting;
  }

  get living(): number {
    return this.#living;
  }

  /** Begins as soon as a worker may be started, and is told of its end by `ended`. */
  async start<T>(organization: string, makeRoom: MakeRoom | undefined, begin: () => Promise<T>): Promise<T> {
    this.#count(organization, 0);
    while (!this.#mayStart(organization)) {
      await new Promise<void>((go) => {
        this.#waiting.push({ organization, makeRoom, go });
        this.makeRoom();
      });
    }
    this.#count(organization, 1);
    this.#starters.push(organization);
    try {
      return await begin();
    } catch (error) {
      this.#count(organization, -1);
      throw error;
    } finally {
      this.#starters.splice(this.#starters.indexOf(organization), 1);
      this.#next();
    }
  }

  ended(organization: string): void {
    this.#count(organization, -1);
    this.#next();
  }

  /** For whoever is next among those for whom there is no room. To be called again while somebody waits. */
  makeRoom(): void {
    const next = this.#best(({ organization, makeRoom }) => makeRoom !== undefined && !this.#hasRoom(organization));
    if (next !== undefined) next.makeRoom?.(this.#hasShare(next.organization));
  }

  #count(organization: string, change: 1 | 0 | -1): void {
    this.#living += change;
    this.#held.set(organization, this.#heldBy(organization) + change);
  }

  #heldBy(organization: string): number {
    return this.#held.get(organization) ?? 0;
  }

  #mayStart(organization: string): boolean {
    return this.#mayBegin(organization) && this.#hasRoom(organization);
  }

  #mayBegin(organization: string): boolean {
    const further = this.#starters.includes(organization) ? 0 : FURTHER_STARTS;
    return this.#starters.length < this.#maxStarting + further;
  }

  #hasRoom(organization: string): boolean {
    return this.#living < this.#maxWorkers && !this.#hasShare(organization);
  }

  /** Whether it has as many as one organization may have. */
  #hasShare(organization: string): boolean {
    const left = this.#maxWorkers < ALWAYS_LEFT_FROM && this.#held.size < 2 ? 0 : this.#maxWorkers / LEFT_SHARE;
    return this.#heldBy(organization) >= Math.max(1, this.#maxWorkers - Math.ceil(left));
  }

  #next(): void {
    const next = this.#best(({ organization }) => this.#mayStart(organization));
    if (next === undefined) return;
    this.#waiting.splice(this.#waiting.indexOf(next), 1);
    next.go();
  }

  #best(suits: (waiting: Waiting) => boolean): Waiting | undefined {
    const rank = ({ organization, makeRoom }: Waiting): number =>
      this.#heldBy(organization) + (makeRoom === undefined ? this.#maxWorkers : 0);
    return this.#waiting.filter(suits).sort((a, b) => rank(a) - rank(b))[0];
  }
}
