/** The story that the demo tells: the commands of the README, letter for letter, and a conversation in Slack. */
import type { Slack } from "../simulator/slack/workspace.ts";
import type { Expectation } from "./channel.ts";
import { say } from "./channel.ts";
import type { Clouds } from "./clouds.ts";
import { StepFailure } from "./failure.ts";
import type { Screen } from "./screen.ts";
import type { Shell } from "./shell.ts";

export interface Stage {
  readonly screen: Screen;
  readonly shell: Shell;
  readonly slack: Slack;
  readonly clouds: Clouds;
}

export const SECRETS = ["slack", "cloudmaster", "aws", "azure", "gcp", "vsphere"] as const;

const VM = "vmtest01";
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

export async function tellStory(stage: Stage): Promise<void> {
  await setUp(stage);
  await talk(stage);
  await failHalfWay(stage);
  await refuseForgery(stage);
  await postStatus(stage);
  await layEchoOver(stage);
}

async function setUp({ screen, shell }: Stage): Promise<void> {
  screen.heading("Secrets, images, functions and the endpoint");
  for (const name of SECRETS) await shell.dispatch("create", "secret", name, `${name}.json`);
  await shell.dispatch("create", "seed-images");
  await shell.dispatch("create", "-f", "all-resources.yaml", "--wait");
}

async function talk({ screen, slack, clouds }: Stage): Promise<void> {
  screen.heading("Alice talks to Cloudmaster in Slack");
  await say(slack, screen, "echo hello", [answer(/^ok$/), result(/^hello$/m)]);
  await say(slack, screen, `create ${VM} on gcp`, [
    answer(/^creating vmtest01 on gcp/),
    result(/^created vmtest01 on gcp$/m),
  ]);
  await say(slack, screen, `create ${VM} on all`, [
    answer(/^creating vmtest01 on all/),
    result(/^vmtest01 is on gcp already$/m),
    ...["aws", "azure", "vsphere"].map((cloud) => result(new RegExp(`^created vmtest01 on ${cloud}$`, "m"))),
  ]);
  await say(slack, screen, "list aws", [answer(/^listing aws/), result(/^vmtest01: (pending|running)/m)]);
  await say(slack, screen, `stop ${VM} on gcp`, [answer(/^stopping/), result(/^stopped vmtest01 on gcp$/m)]);
  await say(slack, screen, `delete ${VM} on all`, [
    answer(/^deleting vmtest01 on all/),
    ...["aws", "azure", "gcp", "vsphere"].map((cloud) => result(new RegExp(`^deleted vmtest01 on ${cloud}$`, "m"))),
  ]);
  await say(slack, screen, "crate vmtest01 on aws", [answer(/Did you mean “create”/)]);
  await say(slack, screen, "create vm_test on aws", [answer(/cannot name a machine/)]);
  nothingLeft(clouds);
}

async function failHalfWay({ screen, slack, clouds }: Stage): Promise<void> {
  screen.heading("Azure fails when disk and network card are made already: nothing of them stays");
  clouds.azure.failNextMachine("AllocationFailed", "We do not have sufficient capacity for the requested size.");
  await say(slack, screen, `create ${VM} on azure`, [
    answer(/^creating vmtest01 on azure/),
    result(/no machine of this size free/),
  ]);
  nothingLeft(clouds);
  screen.note("resources left at the clouds: none");
}

function nothingLeft(clouds: Clouds): void {
  const left = clouds.left();
  if (left.length > 0) throw new StepFailure("something is left over at the clouds", left.join("\n"));
}

async function refuseForgery({ screen, slack }: Stage): Promise<void> {
  screen.heading("Somebody without the signing secret tries as well");
  const { status, body } = await slack.forge(`delete ${VM} on gcp`);
  if (status !== 401) throw new StepFailure(`the forged request was answered with ${status} instead of 401`, body);
  screen.output(`${status} ${body}`);
}

async function postStatus({ screen, shell, slack }: Stage): Promise<void> {
  screen.heading("A function in Python posts to the channel's incoming webhook");
  const before = slack.posts.length;
  await shell.dispatch("exec", "status", "--input", '{"message": "all is well"}', "--wait", "--output-only");
  const post = slack.posts[before];
  if (post === undefined) throw new StepFailure("function status posted nothing");
  screen.post(post);
}

async function layEchoOver({ screen, shell, slack }: Stage): Promise<void> {
  screen.heading("Function echo answers in Cloudmaster's place, for a look at what comes in");
  await shell.dispatch("create", "api", "echo", "echo", "--path", "/cloudmaster", "--method", "POST", "--https-only");
  await say(slack, screen, "list aws", [answer(/^list aws$/)]);
  screen.note("");
  const runs = await shell.dispatch("get", "runs", "echo");
  const [newest] = UUID.exec(runs) ?? [];
  if (newest === undefined) throw new StepFailure("function echo has no runs", runs);
  await shell.dispatch("get", "runs", "echo", newest, "--json");
  await shell.dispatch("delete", "api", "echo");
  await say(slack, screen, "list aws", [answer(/^listing aws/), result(/^aws: /m)]);
}

function answer(text: RegExp): Expectation {
  return { what: "the answer", text };
}

function result(text: RegExp): Expectation {
  return { what: "the result", text };
}
