/** What the request thread and the database thread say to each other. SQL texts travel once, then by their index. */

export type StatementMessage = readonly [index: number, parameters: readonly unknown[], expectsOne: boolean];

export interface UnitMessage {
  readonly id: number;
  readonly statements: readonly StatementMessage[];
}

export type DatabaseRequest =
  | { readonly kind: "prepare"; readonly index: number; readonly sql: string }
  | { readonly kind: "read"; readonly id: number; readonly index: number; readonly parameters: readonly unknown[] }
  | { readonly kind: "commit"; readonly units: readonly UnitMessage[] }
  | { readonly kind: "close" };

export interface Failure {
  readonly code: string;
  readonly message: string;
}

export interface CommitReply {
  readonly id: number;
  readonly error?: Failure;
}

export interface ReadReply {
  readonly id: number;
  readonly rows?: readonly unknown[];
  readonly error?: Failure;
}

export interface DatabaseReply {
  readonly ready?: true;
  readonly failed?: Failure;
  readonly closed?: true;
  readonly read?: ReadReply;
  readonly committed?: readonly CommitReply[];
}
