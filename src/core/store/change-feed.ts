/**
 * The change feed: every committed write is told, in order, to whoever holds something in memory that depends on it. The
 * same facts stand in the table `changes`; what other servers on the same database wrote arrives from there (follower.ts).
 */
import { statement } from "../shared/statement.ts";

export interface Change {
  readonly organization: string;
  readonly kind: string;
  /** "" where the id alone says what changed. */
  readonly name: string;
  readonly id: string;
  /** 0 says that the thing is gone. */
  readonly generation: number;
}

type Listener = (change: Change) => void;

/** What is held in memory of one kind of things. */
export interface Projection {
  /** Takes up a change that may be its own. Whether it was news. */
  follow(change: Change): Promise<boolean>;
  /** Reads everything again, when changes were missed, and reports what has changed. */
  reload(): Promise<readonly Change[]>;
}

export class ChangeFeed {
  readonly #listeners = new Map<string, Listener[]>();
  readonly #projections = new Map<string, Projection>();

  /** Hears of every change to things of one kind, after its projection has followed. */
  subscribe(kind: string, listener: Listener): void {
    this.#listeners.set(kind, [...(this.#listeners.get(kind) ?? []), listener]);
  }

  project(kind: string, projection: Projection): void {
    this.#projections.set(kind, projection);
  }

  /** The kinds that somebody holds in memory. */
  get kinds(): readonly string[] {
    return [...this.#projections.keys()];
  }

  publish(change: Change): void {
    const listeners = this.#listeners.get(change.kind);
    if (listeners !== undefined) for (const listener of listeners) listener(change);
  }

  /** A change that the table told. */
  async follow(change: Change): Promise<void> {
    if (await this.#projections.get(change.kind)?.follow(change)) this.publish(change);
  }

  /** Changes were missed. */
  async reload(): Promise<void> {
    for (const projection of this.#projections.values())
      for (const change of await projection.reload()) this.publish(change);
  }
}

/** The row that goes into the transaction of the write itself. */
export const changeStatement = statement((database, { organization, kind, name, id, generation }: Change) =>
  database.insertInto("changes").values({ organization, kind, name, id, generation }),
);
