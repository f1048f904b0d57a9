/** The six secret files of the published demo, key by key; only host names, ports and endpoints are this machine's. */
import type { Clouds } from "../../../apps/cloudmaster/demo/clouds.ts";

export interface Places {
  readonly apiPort: string;
  readonly webhookUrl: string;
  /** The Slack stand-in, `host:port`. */
  readonly slackHost: string;
  /** Stand-ins for the clouds. */
  readonly clouds: Clouds;
}

/** File name to its text. */
export function secretFiles({ apiPort, webhookUrl, slackHost, clouds }: Places): Record<string, string> {
  const { ec2, azure, gcp, vsphere } = clouds;
  const files = {
    slack: { statusUrl: webhookUrl },
    // Results go to hooks.slack.com unless another host is named.
    cloudmaster: { url: `http://dispatch.example.com:${apiPort}`, responseHosts: slackHost },
    aws: {
      access_key: ec2.keys.accessKeyId,
      secret_key: ec2.keys.secretAccessKey,
      region: "us-west-2",
      endpoint: ec2.url,
    },
    azure: only(azure.secret, [
      ...["clientId", "password", "tenant", "subscription", "admin_password", "location", "subnet", "virtual_network"],
      ...["endpoint", "authority"],
    ]),
    // The stand-in's own file is Google's, with `zone` and the endpoint.
    gcp: gcp.secret,
    vsphere: only(vsphere.secret, ["host", "datacenter", "resourcePool", "vmFolder", "username", "password"]),
  };
  const entries = Object.entries(files).map(([name, values]) => [`${name}.json`, JSON.stringify(values, null, 2)]);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** The keys that the demo prints, and the addresses that differ here: each must be there. */
function only(secret: Readonly<Record<string, string>>, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    keys.map((key) => {
      const value = secret[key];
      if (value === undefined) throw new Error(`the stand-in's secret has no ${key}`);
      return [key, value];
    }),
  );
}
