/** The six secret files of the published demo, key by key; only host names, ports and endpoints are this machine's. */
import { generateKeyPairSync } from "node:crypto";

export interface Places {
  readonly apiPort: string;
  readonly webhookUrl: string;
  /** The Slack stand-in, `host:port`. */
  readonly slackHost: string;
  readonly ec2Url: string;
  readonly ec2Keys: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** File name to its text. */
export function secretFiles({ apiPort, webhookUrl, slackHost, ec2Url, ec2Keys }: Places): Record<string, string> {
  const uuid = "00000000-0000-0000-0000-00000000000a";
  const files = {
    slack: { statusUrl: webhookUrl },
    // Results go to hooks.slack.com unless another host is named.
    cloudmaster: { url: `http://dispatch.example.com:${apiPort}`, responseHosts: slackHost },
    aws: {
      access_key: ec2Keys.accessKeyId,
      secret_key: ec2Keys.secretAccessKey,
      region: "us-west-2",
      endpoint: ec2Url,
    },
    azure: {
      clientId: uuid,
      password: uuid,
      tenant: uuid,
      subscription: uuid,
      admin_password: "Admin-Passw0rd",
      location: "eastus2",
      subnet: "default",
      virtual_network: "vnet-1",
    },
    gcp: { ...serviceAccount(), zone: "us-west1-c" },
    vsphere: {
      host: "https://vcenter.example.com",
      datacenter: "SDDC-Datacenter",
      resourcePool: "Compute-ResourcePool",
      vmFolder: "Workloads",
      username: "administrator@vsphere.local",
      password: "Passw0rd",
    },
  };
  const entries = Object.entries(files).map(([name, values]) => [`${name}.json`, JSON.stringify(values, null, 2)]);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** As Google's console gives it for download. */
function serviceAccount(): Record<string, string> {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const account = "cloudmaster@my-project-123456.iam.gserviceaccount.com";
  return {
    type: "service_account",
    project_id: "my-project-123456",
    private_key_id: "0123456789abcdef",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    client_email: account,
    client_id: "123456789012345678901",
    auth_uri: "https://accounts.google.com/o/oauth2/auth",
    token_uri: "https://oauth2.googleapis.com/token",
    auth_provider_x509_cert_url: "https://www.googleapis.com/oauth2/v1/certs",
    client_x509_cert_url: `https://www.googleapis.com/robot/v1/metadata/x509/${encodeURIComponent(account)}`,
    universe_domain: "googleapis.com",
  };
}
