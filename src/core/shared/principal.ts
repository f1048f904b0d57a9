/** Who is accountable: `kind:id` of an administrator, of a service account (`service-account:organization/name`), of the server. */
export type Person = string;

export const ADMINISTRATOR: Person = "administrator:administrator";

/** The administrator alone. */
export const BY_ADMINISTRATOR: readonly Person[] = [ADMINISTRATOR];

/** Who asks, and by which way in. Every service method takes one; `iam.authorize` judges it. */
export interface Principal {
  readonly kind:
    | "administrator"
    | "service-account"
    | "function"
    | "endpoint"
    | "subscription"
    | "driver"
    | "alert"
    | "system"
    | "anonymous";
  /** The account as `organization/name`, the run (`function`), the endpoint ... */
  readonly id: string;
  readonly organization: string;
  /** `connection`: a function that shows no token, known by the worker at the other end of its connection. */
  readonly via: "rest" | "gateway" | "door" | "connection" | "recovery" | "internal";
  /** For whom a run, an endpoint, a subscription, a driver or an alert acts: it may what all of them may. Absent for persons. */
  readonly people?: readonly Person[];
  /** Of a run: the application whose state it has. */
  readonly application?: string;
  /** Of a run: how many runs called each other before it. */
  readonly depth?: number;
}

/** A principal as text: in records, in the audit log, and as a person. */
export function principalText({ kind, id }: Principal): string {
  return `${kind}:${id}`;
}

/** Who is accountable for what a principal does. */
export function peopleOf(principal: Principal): readonly Person[] {
  if (principal.people !== undefined) return principal.people;
  return principal.kind === "administrator" ? BY_ADMINISTRATOR : [principalText(principal)];
}
