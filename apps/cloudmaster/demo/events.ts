/** The second half of the story: what starts functions without a person. */
import { setTimeout as delay } from "node:timers/promises";
import { answer, type Channel, result } from "./channel.ts";
import type { Clouds } from "./clouds.ts";
import { StepFailure } from "./failure.ts";
import type { Readiness } from "./ready.ts";
import type { Screen } from "./screen.ts";
import type { Shell } from "./shell.ts";

export interface EventStage {
  readonly screen: Screen;
  readonly shell: Shell;
  readonly channel: Channel;
  readonly clouds: Clouds;
}

const VM = "vmtest02";
const PATIENCE_MS = 120_000;
const PAUSE_MS = 200;
const SHOWN_SETTINGS = 3;

export async function tellEvents(stage: EventStage, { noHardening }: Readiness): Promise<void> {
  await announce(stage);
  if (noHardening === undefined) await harden(stage);
  else stage.screen.note(`It is not hardened here. ${noHardening}`);
  await tick(stage);
  await bury(stage);
  await stage.channel.say(`delete ${VM} on vsphere`, [answer(/^deleting/), result(/^deleted vmtest02 on vsphere$/m)]);
}

async function announce({ screen, channel }: EventStage): Promise<void> {
  screen.heading("The vCenter tells that a machine is being deployed: function status posts it");
  await channel.say(`create ${VM} on vsphere`, [answer(/^creating/), result(/^created vmtest02 on vsphere$/m)]);
  await channel.hear({ what: "the announcement of the machine", text: /^Deploying vmtest02 on host / });
}

async function harden({ screen, shell, clouds }: EventStage): Promise<void> {
  screen.heading("It tells as well that the machine is there: function harden-vm, in PowerShell, hardens it");
  const settings = await eventually("the machine was hardened", async () => {
    const found = [...(clouds.vsphere.settings(VM) ?? [])].filter(([key]) => /^(isolation|RemoteDisplay)\./.test(key));
    return found.length > 0 ? found : undefined;
  });
  await eventually("the run of harden-vm has ended", async () =>
    (await shell.ask("get", "runs", "harden-vm")).includes("READY") ? true : undefined,
  );
  await shell.dispatch("get", "runs", "harden-vm");
  for (const [key, value] of settings.slice(0, SHOWN_SETTINGS)) screen.note(`${VM} in the vCenter: ${key} = ${value}`);
}

async function tick({ screen, shell, channel }: EventStage): Promise<void> {
  screen.heading("A clock: the driver cron sends an event every two seconds, a function posts it");
  await shell.dispatch("create", "function", "clock", "clock.js", "--image", "nodejs", "--secret", "slack", "--wait");
  await shell.dispatch("create", "subscription", "clock", "--name", "clock", "--event-type", "cron.trigger");
  await shell.dispatch("create", "eventdrivertype", "cron", "dispatchframework/dispatch-events-cron:0.0.1");
  await shell.dispatch("create", "eventdriver", "cron", "--name", "clock", "--set", "cron=0/2 * * * * *");
  await channel.hear({ what: "the time", text: /^It is \d\d:\d\d:\d\d UTC$/m });
  await shell.dispatch("delete", "eventdriver", "clock");
}

async function bury({ screen, shell, channel }: EventStage): Promise<void> {
  screen.heading("A function fails three times: the event is kept as a dead letter, and retried by hand");
  await shell.dispatch("create", "function", "report", "report.js", "--image", "nodejs", "--wait");
  const type = "backup.failed";
  await shell.dispatch("create", "subscription", "report", "--name", "report", "--event-type", type, "--retries", "2");
  await shell.dispatch("emit", type, "--data", `{"vm_name": "${VM}"}`);
  const letter = await eventually("the event is a dead letter", () => findLetter(shell));
  await shell.dispatch("get", "deadletters");
  await shell.dispatch("describe", "deadletter", letter);
  screen.note("Somebody forgot the secret. The function gets it, and the event is sent again:");
  const update = ["update", "function", "report", "report.js", "--image", "nodejs", "--secret", "slack", "--wait"];
  await shell.dispatch(...update);
  await shell.dispatch("retry", "deadletter", letter);
  await channel.hear({ what: "the report", text: /^The backup of vmtest02 has failed$/m });
}

interface Letter {
  readonly name: string;
  readonly error: string;
}

async function findLetter(shell: Shell): Promise<string | undefined> {
  const letters = JSON.parse(await shell.ask("get", "deadletters", "-o", "json")) as Letter[];
  return letters.find(({ error }) => error.includes("needs the secret slack"))?.name;
}

async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new StepFailure(`after ${PATIENCE_MS / 1000} s it is not so: ${what}`);
    await delay(PAUSE_MS);
  }
}
