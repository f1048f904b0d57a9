/** The keys of each cloud's secret, as its file has them; the templates in `secrets/` have exactly these. */

/** What a key is for. Keys of different clouds with the same role are twins: whoever swaps the files has one for the other. */
export type Role =
  | "identity"
  | "password"
  | "account"
  | "directory"
  | "place"
  | "network"
  | "address"
  | "group"
  | "image"
  | "size";

export interface SecretKey {
  /** Other spellings, such as those of the cloud's own tools. Case, hyphens and underscores never matter. */
  readonly alsoKnownAs?: readonly string[];
  readonly role?: Role;
  /** Absent for a key that every file needs. */
  readonly optional?: true;
}

type Keys = Readonly<Record<string, SecretKey>>;

export const SECRET_KEYS = {
  aws: {
    access_key: { alsoKnownAs: ["access_key_id", "aws_access_key_id", "aws_access_key"], role: "identity" },
    secret_key: { alsoKnownAs: ["secret_access_key", "aws_secret_access_key", "aws_secret_key"], role: "password" },
    region: { alsoKnownAs: ["aws_region", "aws_default_region", "region_name"], role: "place" },
    session_token: { alsoKnownAs: ["aws_session_token"], optional: true },
    image_id: { alsoKnownAs: ["ami", "ami_id"], role: "image", optional: true },
    instance_type: { role: "size", optional: true },
    subnet_id: { role: "network", optional: true },
    endpoint: { alsoKnownAs: ["endpoint_url", "aws_endpoint_url", "aws_endpoint_url_ec2"], optional: true },
  },
  azure: {
    clientId: { alsoKnownAs: ["azure_client_id", "app_id"], role: "identity" },
    password: { alsoKnownAs: ["client_secret", "azure_client_secret"], role: "password" },
    tenant: { alsoKnownAs: ["tenant_id", "azure_tenant_id"], role: "directory" },
    subscription: { alsoKnownAs: ["subscription_id", "azure_subscription_id"], role: "account" },
    admin_password: {},
    location: { role: "place" },
    subnet: { alsoKnownAs: ["subnet_name"], role: "network" },
    virtual_network: { alsoKnownAs: ["virtual_network_name", "vnet"] },
    resource_group: { alsoKnownAs: ["resource_group_name"], role: "group", optional: true },
    admin_username: { optional: true },
    image: { role: "image", optional: true },
    size: { alsoKnownAs: ["vm_size"], role: "size", optional: true },
    endpoint: { alsoKnownAs: ["resource_manager_endpoint_url"], optional: true },
    authority: { alsoKnownAs: ["authority_host", "active_directory_endpoint_url"], optional: true },
  },
  gcp: {
    type: {},
    project_id: { alsoKnownAs: ["project"], role: "account" },
    private_key_id: { optional: true },
    private_key: { role: "password" },
    client_email: { role: "identity" },
    client_id: { optional: true },
    auth_uri: { optional: true },
    token_uri: { optional: true },
    auth_provider_x509_cert_url: { optional: true },
    client_x509_cert_url: { optional: true },
    universe_domain: { optional: true },
    zone: { role: "place" },
    image: { role: "image", optional: true },
    machine_type: { role: "size", optional: true },
    network: { role: "network", optional: true },
    subnetwork: { optional: true },
    endpoint: { optional: true },
  },
  vsphere: {
    host: { alsoKnownAs: ["url", "vcenter", "server"], role: "address" },
    datacenter: { role: "place" },
    resourcePool: { alsoKnownAs: ["pool"], role: "group" },
    vmFolder: { alsoKnownAs: ["folder"] },
    username: { alsoKnownAs: ["user"], role: "identity" },
    password: { role: "password" },
    template: { role: "image", optional: true },
    cpus: { role: "size", optional: true },
    memory: { optional: true },
    network: { role: "network", optional: true },
    datastore: { optional: true },
    certificate: { alsoKnownAs: ["ca"], optional: true },
    thumbprint: { optional: true },
  },
} as const satisfies Readonly<Record<string, Keys>>;

export type CloudName = keyof typeof SECRET_KEYS;
export type KeyOf<C extends CloudName> = keyof (typeof SECRET_KEYS)[C] & string;

/** The keys of a cloud by name. */
export function keysOf(cloud: CloudName): ReadonlyMap<string, SecretKey> {
  return new Map(Object.entries(SECRET_KEYS[cloud]));
}

export const CLOUD_NAMES = Object.keys(SECRET_KEYS) as readonly CloudName[];
