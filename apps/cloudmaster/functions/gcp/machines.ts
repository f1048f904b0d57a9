/** The machines that Cloudmaster made on Google Cloud: those with the label `managedby=cloudmaster`, and no others. */
import { randomUUID } from "node:crypto";
import type { Cloud, Found, Note } from "../shared/cloud.ts";
import { GoneError } from "../shared/cloud.ts";
import { InputError } from "../shared/context.ts";
import type { Birth } from "../shared/journal.ts";
import type { Machine } from "../shared/machine.ts";
import { RestError, textAt, valueAt } from "../shared/rest.ts";
import type { Compute } from "./account.ts";
import { addressOf, findImage, findMachineType, findNetwork } from "./defaults.ts";
import type { GcpSettings } from "./settings.ts";

const LABELS = { managedby: "cloudmaster" } as const;

export function gcpMachines(compute: Compute, settings: GcpSettings): Cloud {
  const { project, zone } = settings;
  const zonePath = `${project}/zones/${zone}`;
  const instancePath = (name: string) => `${zonePath}/instances/${name}`;

  async function list(): Promise<Machine[]> {
    const filter = `labels.managedby=${LABELS.managedby}`;
    const instances = await compute.list(`${zonePath}/instances`, { filter });
    return instances.map((one) => toMachine(one)).sort((left, right) => left.name.localeCompare(right.name));
  }

  async function read(name: string): Promise<unknown> {
    try {
      return await compute.get(instancePath(name));
    } catch (error) {
      if (error instanceof RestError && error.status === 404 && isMissingResource(error, name)) return undefined;
      throw error;
    }
  }

  /** A name is unique in its zone, so it is asked for by name: no list has to be up to date. */
  async function find(name: string): Promise<Found[]> {
    const instance = await read(name);
    if (instance === undefined) return [];
    if (valueAt(instance, "labels", "managedby") !== LABELS.managedby)
      throw new InputError(`${name} on gcp was not made by Cloudmaster: it is left alone`);
    const complete = !["PROVISIONING", "STAGING"].includes(textAt(instance, "status") ?? "");
    return [{ machine: toMachine(instance), resources: [diskOf(name), instanceOf(name)], complete }];
  }

  async function create(name: string, birth: Birth, note: Note): Promise<Machine> {
    const [image, machineType, network] = await Promise.all([
      findImage(compute, settings),
      findMachineType(compute, settings),
      findNetwork(compute, settings),
    ]);
    await note(diskOf(name));
    await note(instanceOf(name));
    const body = instanceBody(settings, { name, image, machineType, network });
    await compute.change("POST", `${zonePath}/instances`, birth.token, body).catch(throwUnlessThere);
    const instance = await read(name);
    if (instance === undefined) throw new GoneError(`Google Cloud made ${name}, and it is gone`);
    return { ...toMachine(instance), ...chosen(settings, { image, machineType, network }) };
  }

  async function remove(resource: string): Promise<void> {
    try {
      // A mark of its own each time: a resource of this name may have been deleted within the hour.
      await compute.change("DELETE", `${zonePath}/${resource}`, randomUUID());
    } catch (error) {
      if (!(error instanceof RestError && error.status === 404)) throw error;
    }
  }

  async function power(found: Found, action: "start" | "stop"): Promise<Machine> {
    const { name } = found.machine;
    await compute.change("POST", `${instancePath(name)}/${action}`, randomUUID());
    const [after] = await find(name);
    return after?.machine ?? found.machine;
  }

  return { list, find, create, remove, start: (found) => power(found, "start"), stop: (found) => power(found, "stop") };
}

const instanceOf = (name: string) => `instances/${name}`;
/** The boot disk has the machine's name; it goes with the machine unless a create failed half-way. */
const diskOf = (name: string) => `disks/${name}`;

interface InstancePlan {
  readonly name: string;
  readonly image: string;
  readonly machineType: string;
  readonly network: string;
}

function instanceBody({ zone, subnetwork }: GcpSettings, plan: InstancePlan): unknown {
  const { name, image, machineType, network } = plan;
  const outside = { name: "External NAT", type: "ONE_TO_ONE_NAT" };
  return {
    name,
    labels: LABELS,
    machineType: `zones/${zone}/machineTypes/${machineType}`,
    disks: [{ boot: true, autoDelete: true, initializeParams: { diskName: name, sourceImage: image, labels: LABELS } }],
    networkInterfaces: [{ network, ...(subnetwork === undefined ? {} : { subnetwork }), accessConfigs: [outside] }],
  };
}

/** Two people who ask at once: the second one's request finds the first one's machine. */
function throwUnlessThere(error: unknown): void {
  if (!(error instanceof RestError && error.status === 409 && reasonOf(error) === "alreadyExists")) throw error;
}

/** A project or zone that is not there answers 404 as well; only the machine's own absence is an answer. */
function isMissingResource(error: RestError, name: string): boolean {
  return (textAt(error.body, "error", "message") ?? "").includes(`/instances/${name}'`);
}

export function reasonOf(error: RestError): string | undefined {
  const [first] = (valueAt(error.body, "error", "errors") as readonly unknown[] | undefined) ?? [];
  return textAt(first, "reason") ?? textAt(first, "code");
}

function chosen(
  settings: GcpSettings,
  taken: { readonly image: string; readonly machineType: string; readonly network: string },
): Pick<Machine, "chosen"> {
  const defaults = {
    ...(settings.image === undefined ? { image: lastPart(taken.image) } : {}),
    ...(settings.machineType === undefined ? { size: taken.machineType } : {}),
    ...(settings.network === undefined ? { network: lastPart(taken.network) } : {}),
  };
  return Object.keys(defaults).length === 0 ? {} : { chosen: defaults };
}

function lastPart(path: string): string {
  return path.split("/").at(-1) ?? path;
}

function toMachine(instance: unknown): Machine {
  const status = textAt(instance, "status")?.toLowerCase() ?? "unknown";
  const id = textAt(instance, "id") ?? "";
  return { id, name: textAt(instance, "name") ?? "", status, state: status, ip: addressOf(instance) };
}
