/**
 * Function `cloudmaster`: the slash command. Slack waits 3 seconds and clouds take longer, so a command makes two runs:
 *
 * 1. Slack's own request: read the command, start run 2 through the function door, answer at once.
 * 2. The follow-up: ask the clouds, post what each says to the command's `response_url` as soon as it is done.
 */
import type { Context, DoorAddress } from "../shared/context.ts";
import { InputError } from "../shared/context.ts";
import { start } from "./door.ts";
import type { MachineVerb } from "./grammar.ts";
import { format, formatClouds, parse } from "./grammar.ts";
import type { Message } from "./message.ts";
import { attachment, privately } from "./message.ts";
import type { Work } from "./perform.ts";
import { help, helpOn, perform, performEach } from "./perform.ts";
import type { CommandRequest } from "./request.ts";
import { followUpInput, readRequest } from "./request.ts";
import { checkResponseUrl, postMessage, responseHosts } from "./response-url.ts";

/** The follow-up must be stored well within Slack's 3 seconds, else the person hears so. */
const START_TIMEOUT_MS = 2_000;

/** @throws InputError for a follow-up that may not post; Error when its post failed. A person always gets a message. */
export default async function cloudmaster(context: Context, payload: unknown): Promise<Message | { text: "ok" }> {
  const request = readRequest(context, payload);
  const parsed = parse(request.text);
  if ("problem" in parsed) return help(parsed.problem);
  const { command } = parsed;
  if (command.verb === "help") return command.topic === undefined ? help() : helpOn(command.topic);
  if (context.dispatch === undefined) return failure(new InputError("This function works inside Dispatch only."));
  if (request.responseUrl === undefined) return perform(context.dispatch, command, request.userId);
  const url = { address: request.responseUrl, hosts: responseHosts(context.secrets?.responseHosts) };
  if (!request.followUp) return announce(context.dispatch, command, request, url);
  const target = checkResponseUrl(url.address, url.hosts);
  await performEach(context.dispatch, command, request.userId, (message) => postMessage(target, message));
  return { text: "ok" };
}

interface ResponseAddress {
  readonly address: string;
  readonly hosts: readonly string[];
}

/** Starts the follow-up and says what is going to happen. */
async function announce(
  door: DoorAddress,
  command: Work,
  request: CommandRequest,
  url: ResponseAddress,
): Promise<Message | { text: "ok" }> {
  try {
    const { href } = checkResponseUrl(url.address, url.hosts);
    await start(door, {
      functionName: "cloudmaster",
      input: followUpInput(format(command), href, request.userId),
      timeoutMs: START_TIMEOUT_MS,
      ...(request.deduplicationKey === undefined ? {} : { idempotencyKey: request.deduplicationKey }),
    });
    return acknowledgement(command);
  } catch (error) {
    return failure(error);
  }
}

function acknowledgement(command: Work): Message | { text: "ok" } {
  if (command.verb === "echo") return { text: "ok" };
  const clouds = formatClouds(command.clouds);
  if (command.verb === "list") return privately(`listing ${clouds} ...`);
  return privately(`${UNDER_WAY[command.verb]} ${command.vm} on ${clouds} ...`);
}

const UNDER_WAY: Readonly<Record<MachineVerb, string>> = {
  create: "creating",
  delete: "deleting",
  start: "starting",
  stop: "stopping",
  show: "looking at",
};

function failure(error: unknown): Message {
  const text = error instanceof Error ? error.message : "The command could not be started.";
  return privately("That did not work.", [attachment("danger", "Nothing was started", { text })]);
}
