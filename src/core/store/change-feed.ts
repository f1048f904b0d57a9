/**
 * The change feed: every committed write is told, in order, to whoever holds something in memory that depends on it.
 * The same facts stand in the table `changes`, so that another server on the same database can follow.
 */
import { statement } from "../shared/statement.ts";

export interface Change {
  readonly organization: string;
  readonly kind: string;
  readonly id: string;
  /** 0 says that the thing is gone. */
  readonly generation: number;
}

type Listener = (change: Change) => void;

export class ChangeFeed {
  readonly #listeners = new Map<string, Listener[]>();

  /** Hears of every change to things of one kind. */
  subscribe(kind: string, listener: Listener): void {
    this.#listeners.set(kind, [...(this.#listeners.get(kind) ?? []), listener]);
  }

  publish(change: Change): void {
    const listeners = this.#listeners.get(change.kind);
    if (listeners !== undefined) for (const listener of listeners) listener(change);
  }
}

/** The row that goes into the transaction of the write itself. */
export const changeStatement = statement((database, { organization, kind, id, generation }: Change) =>
  database.insertInto("changes").values({ organization, kind, id, generation }),
);
