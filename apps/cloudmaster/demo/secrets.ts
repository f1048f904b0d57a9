/** The secrets of the demo: made up for it, except for the addresses of the stand-ins. */
import type { Ec2 } from "../simulator/ec2/server.ts";
import type { Slack } from "../simulator/slack/workspace.ts";
import type { SECRETS } from "./story.ts";

export const SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5";

type Secrets = Readonly<Record<(typeof SECRETS)[number], Record<string, string>>>;

/** Name of each secret to its values. */
export function demoSecrets({ ec2, slack }: { readonly ec2: Ec2; readonly slack: Slack }): Secrets {
  return {
    slack: { statusUrl: slack.webhookUrl, signingSecret: SIGNING_SECRET },
    cloudmaster: { url: "http://dispatch.example.com:8080", responseHosts: `127.0.0.1:${slack.port}` },
    aws: {
      ...{ access_key: ec2.keys.accessKeyId, secret_key: ec2.keys.secretAccessKey },
      ...{ region: "us-west-2", endpoint: ec2.url },
    },
    azure: {
      ...{ clientId: "none", password: "none", tenant: "none", subscription: "none", admin_password: "none" },
      ...{ location: "eastus2", subnet: "none", virtual_network: "none" },
    },
    gcp: { type: "service_account", project_id: "none", client_email: "none", private_key: "none", zone: "us-west1-c" },
    vsphere: {
      ...{ host: "https://vcenter.example.com", datacenter: "SDDC-Datacenter", resourcePool: "Compute-ResourcePool" },
      ...{ vmFolder: "Workloads", username: "none", password: "none" },
    },
  };
}
