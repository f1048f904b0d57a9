import type { Statement } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import type { KeyUse } from "./idempotency.ts";

/** What every way in turns its request into. JSON parts are texts. */
export interface RunRequest {
  readonly organization: string;
  readonly functionName: string;
  /** The caller's own JSON text; absent is null. */
  readonly input?: string | undefined;
  readonly blocking: boolean;
  /** Names of secrets besides the function's own; `[]` and absent differ in the answer only. */
  readonly secrets?: readonly string[] | undefined;
  readonly httpContext?: string | undefined;
  /** What the record keeps where it must differ from what the function gets (decisions 13). */
  readonly recordedHttpContext?: string | undefined;
  /** The `authorization` that the function gets and the record must not have, wherever the function puts it. */
  readonly credential?: string | undefined;
  readonly event?: string | undefined;
  readonly tags?: string | undefined;
  /** Whether the caller has gone: a blocking run that has not begun by then is not begun. */
  readonly gone?: (() => boolean) | undefined;
  readonly idempotency?: KeyUse | undefined;
  /** The run that this one comes from, where the principal is not that run itself. */
  readonly parent?: Parent | undefined;
  /** Unix milliseconds before which it does not begin; only for a run that is not waited for. */
  readonly startAt?: number | undefined;
  /** Its handler has ended, and its end is on its way to the disk; not called when it is withdrawn, or tried again later. */
  readonly ended?: (() => void) | undefined;
  /** What is committed together with the acceptance of a run that is not waited for; it gets the run's id. */
  readonly together?: ((id: string) => readonly Statement[]) | undefined;
}

export interface Parent {
  readonly id: string;
  /** How many runs called each other before it. */
  readonly depth: number;
}

/** The run that asks, if it is one. */
export function parentOf({ kind, id, depth = 0 }: Principal): Parent | undefined {
  return kind === "function" ? { id, depth } : undefined;
}
