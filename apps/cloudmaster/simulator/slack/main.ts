/**
 * `SLACK_SIGNING_SECRET=... node apps/cloudmaster/simulator/slack/main.ts COMMAND_URL [port]`: the Slack stand-in by
 * hand. Every line that is typed is sent as `/cloudmaster <line>`; Ctrl-D ends it. The certificate of a self-signed
 * server is named with NODE_EXTRA_CA_CERTS.
 */
import { createInterface } from "node:readline";
import { ALICE } from "./form.ts";
import { renderPost } from "./render.ts";
import { startSlack } from "./workspace.ts";

const [commandUrl, port = "0"] = process.argv.slice(2);
const { SLACK_SIGNING_SECRET: signingSecret } = process.env;
if (commandUrl === undefined || signingSecret === undefined) {
  process.stderr.write("usage: SLACK_SIGNING_SECRET=... node main.ts COMMAND_URL [port]\n");
  process.exit(1);
}
const slack = await startSlack({ signingSecret, commandUrl, port: Number(port) });
process.stdout.write(`Slack stand-in on ${slack.url}, incoming webhook ${slack.webhookUrl}\n`);
const names = new Map([[ALICE.id, ALICE.name]]);
void showPosts();
for await (const line of createInterface({ input: process.stdin })) await slack.type(line);
await slack.close();
process.exit(0);

async function showPosts(): Promise<void> {
  const forever = new AbortController().signal;
  for (let number = 1; ; number++) {
    const post = await slack.post(number, forever);
    process.stdout.write(`\n${renderPost(post, { names }).join("\n")}\n`);
  }
}
