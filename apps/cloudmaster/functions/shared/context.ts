/** Where a function calls back to: the function door of decisions 16. */
export interface DoorAddress {
  /** Without trailing slash, for example `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Short-lived; decides what the run may do at the door. */
  readonly token: string;
  readonly organization: string;
  /** Whose state the run may keep at the door. */
  readonly application?: string;
}

/** The part of a run's context that these functions read (cli-and-runtimes.md 2.4). */
export interface Context {
  /** All secrets of the function and of the run, merged flat. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly dispatch?: DoorAddress;
  /** There when the run came through the API gateway. */
  readonly httpContext?: Readonly<Record<string, unknown>>;
  readonly serviceBindings?: Readonly<Record<string, unknown>>;
}

/** The caller's input is at fault: Dispatch records such a run as InputError. */
export class InputError extends Error {
  override name = "InputError";
}
