import { InputError } from "../shared/context.ts";

/** How to reach an account, read from the secret `aws`. */
export interface AwsSettings {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Only with temporary credentials. */
  readonly sessionToken?: string;
  readonly region: string;
  /** Another service than AWS's own: a private cloud, a test double. */
  readonly endpoint?: string;
  /** The machine image to start; needed by `create` only. */
  readonly imageId?: string;
  readonly instanceType: string;
  readonly subnetId?: string;
}

/** The keys as the secret template spells them, then older spellings that are understood too. */
const SPELLINGS = {
  accessKeyId: ["aws_access_key_id", "access_key_id"],
  secretAccessKey: ["aws_secret_access_key", "secret_access_key"],
  sessionToken: ["aws_session_token", "session_token"],
  region: ["aws_region", "aws_default_region", "region_name"],
  endpoint: ["aws_endpoint_url", "endpoint_url"],
  imageId: ["image_id", "ami", "ami_id"],
  instanceType: ["instance_type"],
  subnetId: ["subnet_id"],
} as const;

type Key = keyof typeof SPELLINGS;
type Values = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings from the run's secrets; the endpoint may also be in the environment.
 * @throws InputError that names what is missing, never a value.
 */
export function readSettings(secrets: Values, environment: Values): AwsSettings {
  const optional = (key: Key) => [key, ...SPELLINGS[key]].map((name) => secrets[name]?.trim()).find(Boolean);
  const required = (key: Key) => optional(key) ?? missing(key);
  return {
    accessKeyId: required("accessKeyId"),
    secretAccessKey: required("secretAccessKey"),
    region: required("region"),
    instanceType: optional("instanceType") ?? "t3.micro",
    ...given("sessionToken", optional("sessionToken")),
    ...given("endpoint", optional("endpoint") ?? environment.AWS_ENDPOINT_URL_EC2),
    ...given("imageId", optional("imageId")),
    ...given("subnetId", optional("subnetId")),
  };
}

/** @throws InputError when the settings name no machine image. */
export function requireImageId(settings: AwsSettings): string {
  return settings.imageId ?? missing("imageId");
}

function missing(key: Key): never {
  throw new InputError(`the secret \`aws\` has no \`${key}\`: add it (see secrets/aws.json.example) and ask again`);
}

function given<K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } {
  return value === undefined || value === "" ? {} : ({ [key]: value } as { readonly [P in K]?: string });
}
