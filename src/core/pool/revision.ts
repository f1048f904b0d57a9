import type { BuiltImage, Language, Limits, NetworkKind } from "../shared/ports.ts";

/** What a worker is used for: all runs of its function, one after the other, or a single one. */
export type Isolation = "function" | "run";

/** An immutable revision of a function: everything that decides how a run of it behaves. A run names it (`faasId`). */
export interface Revision {
  readonly organization: string;
  readonly functionId: string;
  readonly functionName: string;
  readonly faasId: string;
  readonly language: Language;
  readonly image: BuiltImage;
  readonly handler: string;
  /** SHA-256 of the source bundle. */
  readonly source: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: Limits;
  /** Workers at once. */
  readonly concurrency: number;
  readonly network: NetworkKind;
  /** `run`: a worker of its own for each run. */
  readonly isolation?: Isolation;
  /** Workers that are kept although nobody calls; none when absent. */
  readonly minWarm?: number;
  /** Milliseconds; 0 is none. */
  readonly timeout: number;
}
