import { openSecret } from "../shared/secret.ts";

/** How to reach a project, read from the secret `gcp`: a service account's file as Google hands it out, with `zone`. */
export interface GcpSettings {
  readonly project: string;
  readonly zone: string;
  readonly clientEmail: string;
  /** PEM (PKCS #8). */
  readonly privateKey: string;
  readonly privateKeyId?: string;
  readonly image?: string;
  readonly machineType?: string;
  readonly network?: string;
  readonly subnetwork?: string;
  /** Compute Engine, without trailing slash. */
  readonly endpoint: string;
  /** Whom the token is for: Compute Engine of the account's universe. */
  readonly audience: string;
}

type Values = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings from the run's secrets; the endpoint may also be in the environment.
 * @throws InputError that names what is missing, never a value.
 */
export function readSettings(secrets: Values, environment: Values): GcpSettings {
  const secret = openSecret("gcp", secrets);
  const service = `https://compute.${secret.get("universe_domain") ?? "googleapis.com"}`;
  const endpoint = secret.get("endpoint") ?? environment.GCE_ENDPOINT ?? service;
  const optional = {
    privateKeyId: secret.get("private_key_id"),
    image: secret.get("image"),
    machineType: secret.get("machine_type"),
    network: secret.get("network"),
    subnetwork: secret.get("subnetwork"),
  };
  return {
    project: secret.need("project_id"),
    zone: secret.need("zone"),
    clientEmail: secret.need("client_email"),
    // Files that went through an environment variable have the two characters \n in place of line ends.
    privateKey: secret.need("private_key").replaceAll("\\n", "\n"),
    endpoint: endpoint.replace(/\/+$/, ""),
    audience: `${service}/`,
    ...given(optional),
  };
}

function given<T extends Readonly<Record<string, string | undefined>>>(values: T): { [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string;
  };
}
