/** The story that the demo tells: the commands of the README, letter for letter, and a conversation in Slack. */
import type { Slack } from "../simulator/slack/workspace.ts";
import { answer, result } from "./channel.ts";
import type { Clouds } from "./clouds.ts";
import { type EventStage, tellEvents } from "./events.ts";
import { StepFailure } from "./failure.ts";
import { type Readiness, waitUntilReady } from "./ready.ts";

export interface Stage extends EventStage {
  readonly slack: Slack;
}

export const SECRETS = ["slack", "cloudmaster", "aws", "azure", "gcp", "vsphere"] as const;

const VM = "vmtest01";
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

export async function tellStory(stage: Stage): Promise<void> {
  const readiness = await setUp(stage);
  await talk(stage);
  await failHalfWay(stage);
  await refuseForgery(stage);
  await postStatus(stage);
  await layEchoOver(stage);
  await tellEvents(stage, readiness);
  nothingLeft(stage.clouds);
}

async function setUp({ screen, shell }: Stage): Promise<Readiness> {
  screen.heading("Secrets, images, functions, endpoints and what the vCenter tells");
  for (const name of SECRETS) await shell.dispatch("create", "secret", name, `${name}.json`);
  await shell.dispatch("create", "seed-images");
  await shell.dispatch("create", "-f", "all-resources.yaml");
  return waitUntilReady(shell);
}

async function talk({ screen, channel, clouds }: Stage): Promise<void> {
  screen.heading("Alice talks to Cloudmaster in Slack");
  await channel.say("echo hello", [answer(/^ok$/), result(/^hello$/m)]);
  await channel.say(`create ${VM} on gcp`, [answer(/^creating vmtest01 on gcp/), result(/^created vmtest01 on gcp$/m)]);
  await channel.say(`create ${VM} on all`, [
    answer(/^creating vmtest01 on all/),
    result(/^vmtest01 is on gcp already$/m),
    ...["aws", "azure", "vsphere"].map((cloud) => result(new RegExp(`^created vmtest01 on ${cloud}$`, "m"))),
  ]);
  await channel.say("list aws", [answer(/^listing aws/), result(/^vmtest01: (pending|running)/m)]);
  await channel.say(`stop ${VM} on gcp`, [answer(/^stopping/), result(/^stopped vmtest01 on gcp$/m)]);
  await channel.say(`delete ${VM} on all`, [
    answer(/^deleting vmtest01 on all/),
    ...["aws", "azure", "gcp", "vsphere"].map((cloud) => result(new RegExp(`^deleted vmtest01 on ${cloud}$`, "m"))),
  ]);
  await channel.say("crate vmtest01 on aws", [answer(/Did you mean “create”/)]);
  await channel.say("create vm_test on aws", [answer(/cannot name a machine/)]);
  nothingLeft(clouds);
}

async function failHalfWay({ screen, channel, clouds }: Stage): Promise<void> {
  screen.heading("Azure fails when disk and network card are made already: nothing of them stays");
  clouds.azure.failNextMachine("AllocationFailed", "We do not have sufficient capacity for the requested size.");
  await channel.say(`create ${VM} on azure`, [
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

async function postStatus({ screen, shell, channel }: Stage): Promise<void> {
  screen.heading("A function in Python posts to the channel's incoming webhook");
  await shell.dispatch("exec", "status", "--input", '{"message": "all is well"}', "--wait", "--output-only");
  await channel.hear({ what: "the status", text: /^all is well$/m });
}

async function layEchoOver({ screen, shell, channel }: Stage): Promise<void> {
  screen.heading("Function echo answers in Cloudmaster's place, for a look at what comes in");
  await shell.dispatch("create", "api", "echo", "echo", "--path", "/cloudmaster", "--method", "POST", "--https-only");
  await channel.say("list aws", [answer(/^list aws$/)]);
  screen.note("");
  const runs = await shell.dispatch("get", "runs", "echo");
  const [newest] = UUID.exec(runs) ?? [];
  if (newest === undefined) throw new StepFailure("function echo has no runs", runs);
  await shell.dispatch("get", "runs", "echo", newest, "--json");
  await shell.dispatch("delete", "api", "echo");
  await channel.say("list aws", [answer(/^listing aws/), result(/^aws: /m)]);
}
