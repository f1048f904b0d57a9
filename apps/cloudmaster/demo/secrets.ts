/** The secrets of the demo: made up for it, except for the addresses of the stand-ins. */
import type { Ec2 } from "../simulator/ec2/server.ts";
import type { Slack } from "../simulator/slack/workspace.ts";
import type { SECRETS } from "./story.ts";

export const SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5";

type Secrets = Readonly<Record<(typeof SECRETS)[number], Record<string, string>>>;

/** Name of each secret to its values. */
export function demoSecrets({ ec2, slack }: { readonly ec2: Ec2; readonly slack: Slack }): Secrets {
  return {
    slack: { signingSecret: SIGNING_SECRET, statusUrl: slack.webhookUrl },
    cloudmaster: { responseHosts: `127.0.0.1:${slack.port}` },
    aws: { ...ec2.keys, region: "us-east-1", endpoint: ec2.url, imageId: "ami-0123456789abcdef0" },
    azure: { tenantId: "none", clientId: "none", clientSecret: "none", subscriptionId: "none" },
    gcp: { project: "none", zone: "none", clientEmail: "none", privateKey: "none" },
    vsphere: { host: "none", username: "none", password: "none" },
  };
}
