import { InputError } from "../shared/context.ts";
import { openSecret } from "../shared/secret.ts";

/** How to reach a vCenter, and where machines go in it, read from the secret `vsphere`. */
export interface VsphereSettings {
  /** A name, or an address such as `https://vcenter.example.com/sdk`. */
  readonly host: string;
  readonly username: string;
  readonly password: string;
  readonly datacenter: string;
  readonly resourcePool: string;
  /** A folder's name, or a path such as `Workloads/chat`. */
  readonly vmFolder: string;
  readonly template?: string;
  readonly cpus?: number;
  /** Mebibytes. */
  readonly memory?: number;
  readonly network?: string;
  readonly datastore?: string;
  /** PEM of the authority that signed the vCenter's certificate. */
  readonly certificate?: string;
  /** SHA-256 of the vCenter's certificate. */
  readonly thumbprint?: string;
}

type Values = Readonly<Record<string, string | undefined>>;

/** @throws InputError that names what is missing or wrong, never a value. */
export function readSettings(secrets: Values): VsphereSettings {
  const secret = openSecret("vsphere", secrets);
  const optional = {
    template: secret.get("template"),
    network: secret.get("network"),
    datastore: secret.get("datastore"),
    certificate: secret.get("certificate"),
    thumbprint: secret.get("thumbprint"),
    cpus: count("cpus", secret.get("cpus")),
    memory: count("memory", secret.get("memory")),
  };
  return {
    host: secret.need("host"),
    username: secret.need("username"),
    password: secret.need("password"),
    datacenter: secret.need("datacenter"),
    resourcePool: secret.need("resourcePool"),
    vmFolder: secret.need("vmFolder"),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}

function count(key: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InputError(`\`${key}\` of the secret \`vsphere\` is no whole number above 0`);
}
