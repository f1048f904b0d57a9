/** The machines that Cloudmaster made on EC2: those with the tag `managedby=cloudmaster`, and no others. */
import { setTimeout as delay } from "node:timers/promises";
import type { Parsed } from "../../../../packages/xml/xml.ts";
import { all } from "../../../../packages/xml/xml.ts";
import type { Cloud, Found, Note } from "../shared/cloud.ts";
import { GoneError } from "../shared/cloud.ts";
import { InputError } from "../shared/context.ts";
import type { Birth } from "../shared/journal.ts";
import type { Machine } from "../shared/machine.ts";
import type { Ec2, Parameter } from "./ec2.ts";
import { codeOf, filters } from "./ec2.ts";
import { idOf, isLiving, isOurs, MANAGED, stateOf, toFound, toMachine } from "./instance.ts";
import { chosenDefaults, type LaunchPlan, planLaunch } from "./plan.ts";
import type { AwsSettings } from "./settings.ts";

const UNKNOWN_ID = "InvalidInstanceID.NotFound";
/** How long a machine may take to come to a state, and the pauses between two looks; milliseconds. */
const STATE_TIMEOUT_MS = 10 * 60_000;
const FIRST_POLL_MS = 200;
const LAST_POLL_MS = 3_000;

export function awsMachines(ec2: Ec2, settings: AwsSettings): Cloud {
  async function list(): Promise<Machine[]> {
    const states = ["pending", "running", "shutting-down", "stopping", "stopped"];
    const instances = await describe(ec2, { "instance-state-name": states });
    return instances.map(toMachine).sort((left, right) => left.name.localeCompare(right.name));
  }

  /** What the journal knows is asked for by id: a list may lag behind. */
  async function find(name: string, noted: readonly string[]): Promise<Found[]> {
    const [listed, ...byId] = await Promise.all([
      describe(ec2, { "tag:Name": [name] }),
      ...noted.map((id) => read(ec2, id)),
    ]);
    const all = new Map([...listed, ...byId.flatMap((one) => one ?? [])].map((one) => [idOf(one), one]));
    return [...all.values()].filter(isLiving).map(toFound);
  }

  async function create(name: string, birth: Birth, note: Note): Promise<Machine> {
    const { plan, image } = await planLaunch(ec2, settings);
    const id = idOf(await run(ec2, plan, name, birth.token));
    await note(id);
    const instance = await reached(ec2, id, "running");
    if (instance === undefined) throw new GoneError(`AWS started ${name}, and it is gone`);
    const chosen = chosenDefaults(settings, instance, image);
    return { ...toMachine(instance), ...(Object.keys(chosen).length > 0 ? { chosen } : {}) };
  }

  async function remove(id: string): Promise<void> {
    const known = await read(ec2, id);
    if (known !== undefined && !isOurs(known)) throw new InputError(`${id} on aws was not made by Cloudmaster`);
    await ec2.call("TerminateInstances", { InstanceId: [id] }).catch(unless(UNKNOWN_ID));
    await reached(ec2, id, "terminated");
  }

  async function switched({ machine }: Found, state: "running" | "stopped"): Promise<Machine> {
    await ec2.call(state === "running" ? "StartInstances" : "StopInstances", { InstanceId: [machine.id] });
    const instance = await reached(ec2, machine.id, state);
    if (instance === undefined) throw new InputError(`${machine.name} on aws was deleted meanwhile`);
    return toMachine(instance);
  }

  return {
    list,
    find,
    create,
    remove,
    start: (found) => switched(found, "running"),
    stop: (found) => switched(found, "stopped"),
  };
}

/** Equal client tokens start one machine; when the request is another by now, the machine of the first one is it. */
async function run(ec2: Ec2, plan: LaunchPlan, name: string, token: string): Promise<Parsed> {
  try {
    const [started] = all(await ec2.call("RunInstances", launch(plan, name, token)), "instancesSet", "item");
    if (started !== undefined) return started;
    throw new Error("AWS accepted the request but named no machine");
  } catch (error) {
    if (codeOf(error) !== "IdempotentParameterMismatch") throw error;
    const [started] = await describe(ec2, { "client-token": [token] });
    if (started === undefined) throw error;
    return started;
  }
}

/** The machine when it has come to the state; undefined when it is gone for good. @throws Error when it takes too long. */
async function reached(ec2: Ec2, id: string, state: string): Promise<Parsed | undefined> {
  const deadline = Date.now() + STATE_TIMEOUT_MS;
  for (let wait = FIRST_POLL_MS; ; wait = Math.min(wait * 1.5, LAST_POLL_MS)) {
    const instance = await read(ec2, id);
    const seen = instance === undefined ? undefined : stateOf(instance);
    if (seen === state) return instance;
    if (isGone(seen, state)) return undefined;
    if (Date.now() > deadline) throw new Error(`the machine ${id} is ${seen ?? "unknown"} after ten minutes`);
    await delay(wait);
  }
}

/** One that is to be gone may be forgotten; one of this moment may be unknown for some seconds. */
function isGone(seen: string | undefined, wanted: string): boolean {
  if (wanted === "terminated") return seen === undefined;
  return seen === "terminated" || seen === "shutting-down";
}

async function read(ec2: Ec2, id: string): Promise<Parsed | undefined> {
  const answer = await ec2.call("DescribeInstances", { InstanceId: [id] }).catch(unless(UNKNOWN_ID));
  return instancesOf(all(answer, "reservationSet", "item"))[0];
}

async function describe(ec2: Ec2, wanted: Readonly<Record<string, readonly string[]>>): Promise<Parsed[]> {
  const Filter = filters({ [`tag:${MANAGED.key}`]: [MANAGED.value], ...wanted });
  return instancesOf(await ec2.list("DescribeInstances", "reservationSet", { Filter, MaxResults: 1000 }));
}

function instancesOf(reservations: readonly Parsed[]): Parsed[] {
  return reservations.flatMap((reservation) => all(reservation, "instancesSet", "item"));
}

function launch({ imageId, instanceType, subnetId }: LaunchPlan, name: string, token: string) {
  const tags = Object.entries({ [MANAGED.key]: MANAGED.value, Name: name });
  const Tag: Parameter = tags.map(([Key, Value]) => ({ Key, Value }));
  return {
    ImageId: imageId,
    InstanceType: instanceType,
    MinCount: 1,
    MaxCount: 1,
    ClientToken: token,
    SubnetId: subnetId,
    TagSpecification: [{ ResourceType: "instance", Tag }],
  };
}

function unless(code: string) {
  return (error: unknown): undefined => {
    if (codeOf(error) !== code) throw error;
    return undefined;
  };
}
