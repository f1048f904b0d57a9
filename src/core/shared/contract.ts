/**
 * What a concept's `contract.ts` is made of: operations as data. The REST routes, the OpenAPI document, the typed client
 * and the command line are generic over them. Schemas are plain JSON Schema (`as const`), types are derived with
 * TypeBox's `Static`, so that the command line carries the data and no library.
 */
import type { TSchema } from "typebox";

export type Action = "get" | "create" | "update" | "delete";

export interface Operation {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With `{name}` for path parameters, without trailing slash. */
  readonly path: string;
  /** What `iam.authorize` is asked. */
  readonly permission: { readonly resource: string; readonly action: Action | "emit" };
  /** The status of a success, exactly as the specification has it (server.md section 2). */
  readonly success: number;
  /** The other status of a success, where there are two. */
  readonly alsoSuccess?: number;
  readonly summary: string;
  /** Callers need no credential. */
  readonly anonymous?: true;
  /** `X-Dispatch-Org` may be absent; the call's organization is then "". */
  readonly organization?: "optional";
  /** The body may be CloudEvents 1.0, too. */
  readonly cloudEvents?: true;
  /** A value in its body is the caller's own: it travels as it was written, whatever it repeats. */
  readonly ownValue?: true;
  /** Path parameters that are no plain names. */
  readonly parameters?: Readonly<Record<string, TSchema>>;
  /** Headers of its own, for the description: their names are no part of what is checked. */
  readonly headers?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** What validation messages call the body: `image in body is required`. */
  readonly response?: TSchema;
}

export type Operations = Readonly<Record<string, Operation>>;
