/** The secrets of the demo: made up for it, except for the addresses of the stand-ins. */
import type { Slack } from "../simulator/slack/workspace.ts";
import type { Clouds } from "./clouds.ts";
import type { SECRETS } from "./story.ts";

export const SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5";

type Secrets = Readonly<Record<(typeof SECRETS)[number], Record<string, string>>>;

/** Name of each secret to its values. */
export function demoSecrets(clouds: Clouds, slack: Slack): Secrets {
  const { ec2, azure, gcp, vsphere } = clouds;
  return {
    slack: { statusUrl: slack.webhookUrl, signingSecret: SIGNING_SECRET },
    cloudmaster: { url: "http://dispatch.example.com:8080", responseHosts: `127.0.0.1:${slack.port}` },
    aws: {
      ...{ access_key: ec2.keys.accessKeyId, secret_key: ec2.keys.secretAccessKey },
      ...{ region: "us-west-2", endpoint: ec2.url },
    },
    azure: { ...azure.secret },
    gcp: { ...gcp.secret },
    vsphere: { ...vsphere.secret },
  };
}
