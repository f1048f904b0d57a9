import type { Call } from "../capacity/call.ts";
import type { Outcome, RunTag } from "../shared/ports.ts";
import type { Birth } from "./birth.ts";
import type { Revision } from "./revision.ts";

/** One call on its way through the pool. */
export interface Task extends Call {
  readonly revision: Revision;
  /** Kept by its worker after the run has ended, to name the run of late output. */
  readonly tag?: RunTag;
  /** The envelope for the worker, made when a worker is found: its deadline begins then. */
  envelope(): string;
  /** Runs before the handler may start, when the start itself must be on record first. */
  readonly claim?: () => Promise<void>;
  /** The handler has been entered, in a worker of this age. */
  started(born: Birth): void;
  log(stream: "stdout" | "stderr", line: string): void;
  finished(outcome: Outcome): void;
  /** It could not be handed over, because of an unexpected error. */
  crash(error: unknown): void;
}
