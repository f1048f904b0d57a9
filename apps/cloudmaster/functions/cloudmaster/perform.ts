/** Does what a command asks and tells the result: one message, or one for each cloud as it ends. */
import type { DoorAddress } from "../shared/context.ts";
import { encodeSlack } from "../shared/escape.ts";
import { askCloud } from "./clouds.ts";
import { DoorError, runAndWait } from "./door.ts";
import type { Command, Topic } from "./grammar.ts";
import { format, USAGE } from "./grammar.ts";
import type { Attachment, Message } from "./message.ts";
import { attachment, privately, publicly } from "./message.ts";

const ECHO_TIMEOUT_MS = 30_000;

/** A command that asks for more than an explanation. */
export type Work = Exclude<Command, { verb: "help" }>;

/** The result of a command for the channel; `askedBy` is a Slack user id. Failures are part of the message. */
export async function perform(door: DoorAddress, command: Work, askedBy?: string): Promise<Message> {
  if (command.verb === "echo") return echo(door, command.text, askedBy);
  const attachments = await Promise.all(command.clouds.map((cloud) => askCloud(door, cloud, command)));
  return publicly(format(command), attachments, askedBy);
}

/** Hands a message to `post` for each cloud, as soon as that cloud is done. @throws what `post` throws, when all are done. */
export async function performEach(
  door: DoorAddress,
  command: Work,
  askedBy: string | undefined,
  post: (message: Message) => Promise<void>,
): Promise<void> {
  if (command.verb === "echo") return post(await echo(door, command.text, askedBy));
  const posts = command.clouds.map(async (cloud) =>
    post(publicly(format(command), [await askCloud(door, cloud, command)], askedBy)),
  );
  const failed = (await Promise.allSettled(posts)).find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

/** What the command can do, only for the person who asked; `problem` is what was not understood. */
export function help(problem?: string): Message {
  const intro = problem === undefined ? "Cloudmaster looks after virtual machines." : problem;
  const verbs = Object.values(USAGE).map(({ form, meaning }) => ({ title: form, value: meaning, short: false }));
  const fields = [...verbs, { title: "help <verb>", value: "explain one of these", short: false }];
  return privately(intro, [attachment(problem === undefined ? "good" : "warning", "What you can say", { fields })]);
}

/** All about one verb, only for the person who asked. */
export function helpOn(topic: Topic): Message {
  const { form, meaning, example, details } = USAGE[topic];
  const fields = [{ title: "For example", value: example, short: false }];
  return privately(`${form}: ${meaning}.`, [attachment("good", topic, { text: details, fields })]);
}

async function echo(door: DoorAddress, text: string, askedBy: string | undefined): Promise<Message> {
  try {
    const run = await runAndWait(door, {
      functionName: "echo",
      input: { text: encodeSlack(text) },
      timeoutMs: ECHO_TIMEOUT_MS,
    });
    if (run.status !== "READY") return publicly("echo", [echoFailure(run.error?.message)], askedBy);
    return publicly(outputText(run.output), []);
  } catch (error) {
    return publicly("echo", [echoFailure(error instanceof DoorError ? error.message : undefined)], askedBy);
  }
}

function echoFailure(message: string | undefined): Attachment {
  return attachment("danger", "echo", { text: message ?? "The run failed and gave no reason." });
}

function outputText(output: unknown): string {
  const text = typeof output === "object" && output !== null && "text" in output ? output.text : undefined;
  return typeof text === "string" && text !== "" ? text : "(nothing)";
}
