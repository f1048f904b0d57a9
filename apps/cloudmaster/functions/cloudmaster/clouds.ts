/** Asks the cloud functions, one function a cloud, and tells what they said as attachments. */
import type { DoorAddress } from "../shared/context.ts";
import type { CloudAction, Machine } from "../shared/machine.ts";
import type { FinishedRun } from "./door.ts";
import { DoorError, runAndWait } from "./door.ts";
import type { Cloud } from "./grammar.ts";
import type { Attachment, Field } from "./message.ts";
import { attachment } from "./message.ts";

/** A cloud that takes longer than this has failed, as far as people in a channel are concerned. */
export const CLOUD_TIMEOUT_MS = 16 * 60_000;

/** Slack folds long attachments away; nobody reads a hundred fields. */
const MAX_LISTED = 50;

export interface CloudRequest {
  readonly verb: CloudAction;
  readonly clouds: readonly Cloud[];
  /** Absent for `list`. */
  readonly vm?: string;
}

/** What a cloud says, as an attachment; a cloud that fails becomes a red one, and nothing is thrown. */
export async function askCloud(door: DoorAddress, cloud: Cloud, request: CloudRequest): Promise<Attachment> {
  const input = { command: request.verb, ...(request.vm === undefined ? {} : { name: request.vm }) };
  const where = request.vm === undefined ? cloud : `${request.vm} on ${cloud}`;
  try {
    const run = await runAndWait(door, { functionName: cloud, input, secrets: [cloud], timeoutMs: CLOUD_TIMEOUT_MS });
    return run.status === "READY" ? describeResult(cloud, request, run.output) : describeFailure(where, run);
  } catch (error) {
    return describeRefusal(cloud, where, error);
  }
}

function describeResult(cloud: Cloud, request: CloudRequest, output: unknown): Attachment {
  const machines = (Array.isArray(output) ? output : [output]).filter(isMachine);
  if (request.verb === "list") return describeList(cloud, machines);
  const [machine] = machines;
  if (machine === undefined) {
    return attachment("danger", `${request.vm} on ${cloud}`, {
      text: `Function ${cloud} did not say which machine it means.`,
    });
  }
  return request.verb === "create" ? describeCreated(cloud, machine) : describeDone(request.verb, cloud, machines);
}

const DONE = { delete: "deleted", start: "started", stop: "stopped", show: "" } as const;

function describeCreated(cloud: Cloud, machine: Machine): Attachment {
  const fields = machineFields(machine);
  return machine.existing === true
    ? attachment("warning", `${machine.name} is on ${cloud} already`, { fields })
    : attachment("good", `created ${machine.name} on ${cloud}`, { fields, ...chosenText(cloud, machine) });
}

/** Says what was taken where the secret names nothing, so that nobody wonders where it came from. */
function chosenText(cloud: Cloud, { chosen }: Machine): { readonly text?: string } {
  const taken = Object.entries(chosen ?? {}).map(([what, name]) => `${what} ${name}`);
  if (taken.length === 0) return {};
  return { text: `The secret ${cloud} names no other, so this was taken: ${taken.join(", ")}.` };
}

function describeDone(verb: keyof typeof DONE, cloud: Cloud, machines: readonly Machine[]): Attachment {
  const title = `${DONE[verb]} ${machines[0]?.name} on ${cloud}`.trim();
  return attachment("good", title, { fields: machines.flatMap(machineFields) });
}

function describeList(cloud: Cloud, machines: readonly Machine[]): Attachment {
  if (machines.length === 0) return attachment("good", `${cloud}: no machines`);
  const fields = machines
    .slice(0, MAX_LISTED)
    .map((machine): Field => ({ title: machine.name, value: `${machine.status} (${machine.id})`, short: true }));
  const left = machines.length - MAX_LISTED;
  const more = left > 0 ? { text: `The first ${MAX_LISTED}; ${left} more are not shown.` } : {};
  return attachment("good", `${cloud}: ${machines.length === 1 ? "1 machine" : `${machines.length} machines`}`, {
    fields,
    ...more,
  });
}

function machineFields(machine: Machine): Field[] {
  return [
    { title: "Id", value: machine.id, short: true },
    { title: "Status", value: machine.status, short: true },
    ...(machine.ip ? [{ title: "Address", value: machine.ip, short: true }] : []),
  ];
}

function describeFailure(where: string, run: FinishedRun): Attachment {
  return attachment("danger", where, {
    text: run.error?.message ?? `The run ended as ${run.status} and gave no reason.`,
  });
}

function describeRefusal(cloud: Cloud, where: string, error: unknown): Attachment {
  const message = error instanceof Error ? error.message : "The run failed.";
  if (!(error instanceof DoorError) || error.status !== 404) return attachment("danger", where, { text: message });
  const text = message.endsWith("is not READY")
    ? `${cloud} is not ready yet. Ask again in a moment; \`dispatch get function ${cloud}\` tells how far it is.`
    : `${cloud} is not set up yet: there is no function \`${cloud}\` here.`;
  return attachment("warning", where, { text });
}

function isMachine(value: unknown): value is Machine {
  if (typeof value !== "object" || value === null) return false;
  return "id" in value && "name" in value && "status" in value && typeof value.name === "string";
}
