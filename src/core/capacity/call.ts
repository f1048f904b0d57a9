/** A call as far as its waiting goes. */
export interface Call {
  /** It was accepted and is on record: it may wait for any time, also in a full queue, see `Pool.admit`. */
  readonly durable?: boolean;
  /** How many calls that wait for each other led to it; absent is 0. */
  readonly depth?: number;
  /** Whoever waited for it has gone: it need not begin. */
  readonly gone?: boolean;
  /** It never ran: it was not admitted, or no worker could be had. */
  refused(error: Error): void;
}
