import type { DispatchError } from "../shared/errors.ts";
import type { Outcome, RunTag } from "../shared/ports.ts";
import type { Revision } from "./revision.ts";

/** One call on its way through the pool. */
export interface Task {
  readonly revision: Revision;
  /** What its worker remembers of it. */
  readonly tag?: RunTag;
  /** The envelope for the worker, made when a worker is found: its deadline begins then. */
  envelope(): string;
  /** It was promised and is on record: it waits as long as it must, and a full queue takes it, see `Pool.admit`. */
  readonly durable?: boolean;
  /** How many calls that wait for each other led to it; absent is 0. */
  readonly depth?: number;
  /** Whoever waited for it has gone: it need not begin. */
  readonly gone?: boolean;
  /** Runs before the handler may start, when the start itself must be on record first. */
  readonly claim?: () => Promise<void>;
  /** The handler has been entered. */
  started(): void;
  log(stream: "stdout" | "stderr", line: string): void;
  finished(outcome: Outcome): void;
  /** It never ran: the queue was full, or it waited too long, or no worker could be had. */
  refused(error: DispatchError | Error): void;
  /** It could not be handed over, for a reason that nobody foresaw. */
  crash(error: unknown): void;
}
