/** What the request thread and the database thread say to each other. SQL texts travel once, then by their index. */

/**
 * Units that are written together, flat because that travels several times cheaper than objects, and than JSON text: for
 * each unit the number of its statements, for each statement its index, whether it must change exactly one row, the number
 * of its parameters, and those.
 */
export type Group = readonly unknown[];

/** A statement that returns rows: one that reads, one that writes, and one that writes what a crash may undo. */
export interface RowsRequest {
  readonly kind: "read" | "take" | "takePassing";
  readonly id: number;
  readonly index: number;
  readonly parameters: readonly unknown[];
}

export type DatabaseRequest =
  | { readonly kind: "prepare"; readonly index: number; readonly sql: string }
  | RowsRequest
  | { readonly kind: "commit"; readonly group: Group }
  | { readonly kind: "snapshot"; readonly id: number; readonly file: string }
  | { readonly kind: "close" };

export interface Failure {
  readonly code: string;
  readonly message: string;
}

export interface CommitFailure extends Failure {
  /** The unit's place in its group. */
  readonly unit: number;
}

export interface ReadReply {
  readonly id: number;
  /** Names once and values in their order, because that travels several times cheaper than objects. */
  readonly columns?: readonly string[];
  readonly rows?: readonly (readonly unknown[])[];
  readonly error?: Failure;
}

export interface DatabaseReply {
  readonly ready?: true;
  readonly failed?: Failure;
  readonly closed?: true;
  readonly read?: ReadReply;
  /** The group is committed, except for these units. */
  readonly committed?: readonly CommitFailure[];
}
