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
  readonly event?: string | undefined;
  readonly tags?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  /** The run that this one comes from, where the principal is not that run itself. */
  readonly parent?: string | undefined;
}
