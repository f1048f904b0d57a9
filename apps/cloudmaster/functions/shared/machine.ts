import { InputError } from "./context.ts";

/** What a cloud function says about one virtual machine. */
export interface Machine {
  readonly id: string;
  readonly name: string;
  /** The cloud's own word: `pending`, `running`, `stopped` ... */
  readonly status: string;
  /** The same as `status`; pages that show a table of machines read this one. */
  readonly state: string;
  /** The address that people reach it at; null while there is none. */
  readonly ip: string | null;
  /** True in the answer to `create` when a machine of that name was there already. */
  readonly existing?: boolean;
  /** In the answer to `create`: what the cloud's defaults gave where the secret names nothing. */
  readonly chosen?: ChosenDefaults;
}

/** In words that people can look up: names with ids. Absent is what the secret names. */
export interface ChosenDefaults {
  readonly image?: string;
  readonly size?: string;
  readonly network?: string;
}

/** What a cloud function can be asked to do. */
export const CLOUD_ACTIONS = ["create", "list", "delete", "start", "stop", "show"] as const;
export type CloudAction = (typeof CLOUD_ACTIONS)[number];

/** What every cloud takes: Google Cloud's rule is the strictest (labels of RFC 1035). */
const VM_NAME = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Why `name` cannot name a virtual machine, or undefined when it can. */
export function vmNameProblem(name: string): string | undefined {
  if (VM_NAME.test(name)) return undefined;
  if (name.length > 63) return `“${name.slice(0, 20)}…” is too long for a machine's name: 63 characters at most.`;
  return `“${name}” cannot name a machine: use small letters, digits and hyphens; a letter comes first, no hyphen last.`;
}

/** @throws InputError when `name` cannot name a virtual machine. */
export function checkVmName(name: string): string {
  const problem = vmNameProblem(name);
  if (problem !== undefined) throw new InputError(problem);
  return name;
}
