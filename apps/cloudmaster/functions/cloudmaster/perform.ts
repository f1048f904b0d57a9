/** Does what a command asks and tells the result as one message. */
import type { DoorAddress } from "../shared/context.ts";
import { encodeSlack } from "../shared/escape.ts";
import { askClouds } from "./clouds.ts";
import { DoorError, runAndWait } from "./door.ts";
import type { Command } from "./grammar.ts";
import { format, USAGE } from "./grammar.ts";
import type { Attachment, Message } from "./message.ts";
import { attachment, privately, publicly } from "./message.ts";

const ECHO_TIMEOUT_MS = 30_000;

/** A command that asks for more than an explanation. */
export type Work = Exclude<Command, { verb: "help" }>;

/** The result of a command for the channel; `askedBy` is a Slack user id. Failures are part of the message. */
export async function perform(door: DoorAddress, command: Work, askedBy?: string): Promise<Message> {
  if (command.verb === "echo") return echo(door, command.text, askedBy);
  return publicly(format(command), await askClouds(door, command), askedBy);
}

/** What the command can do, only for the person who asked; `problem` is what was not understood. */
export function help(problem?: string): Message {
  const intro = problem === undefined ? "Cloudmaster looks after virtual machines." : problem;
  const fields = USAGE.map(({ form, meaning }) => ({ title: form, value: meaning, short: false }));
  return privately(intro, [attachment(problem === undefined ? "good" : "warning", "What you can say", { fields })]);
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
