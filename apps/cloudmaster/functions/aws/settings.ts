import { openSecret } from "../shared/secret.ts";

/** How to reach an account, read from the secret `aws`. */
export interface AwsSettings {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Only with temporary credentials. */
  readonly sessionToken?: string;
  readonly region: string;
  /** Another service than AWS's own: a private cloud, a test double. */
  readonly endpoint?: string;
  /** What machines are started from; without it the newest Ubuntu, see defaults.ts. */
  readonly imageId?: string;
  /** Without it the smallest ordinary one, see defaults.ts. */
  readonly instanceType?: string;
  /** Without it the account's default network. */
  readonly subnetId?: string;
}

type Values = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings from the run's secrets; the endpoint may also be in the environment.
 * @throws InputError that names what is missing, never a value.
 */
export function readSettings(secrets: Values, environment: Values): AwsSettings {
  const secret = openSecret("aws", secrets);
  return {
    accessKeyId: secret.need("access_key"),
    secretAccessKey: secret.need("secret_key"),
    region: secret.need("region"),
    ...given("sessionToken", secret.get("session_token")),
    ...given("endpoint", secret.get("endpoint") ?? environment.AWS_ENDPOINT_URL_EC2),
    ...given("imageId", secret.get("image_id")),
    ...given("instanceType", secret.get("instance_type")),
    ...given("subnetId", secret.get("subnet_id")),
  };
}

function given<K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } {
  return value === undefined || value === "" ? {} : ({ [key]: value } as { readonly [P in K]?: string });
}
