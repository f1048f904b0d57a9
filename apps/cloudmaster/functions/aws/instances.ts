/** The machines that Cloudmaster made on EC2: those with the tag `managedby=cloudmaster`, and no others. */
import type { EC2Client, Filter, Image, Instance, RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { paginateDescribeInstances, RunInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { InputError } from "../shared/context.ts";
import type { ChosenDefaults, Machine } from "../shared/machine.ts";
import { clientToken } from "./client-token.ts";
import { newestUbuntu, smallestType } from "./defaults.ts";
import type { AwsSettings } from "./settings.ts";

const MANAGED = { key: "managedby", value: "cloudmaster" } as const;
const GONE = new Set(["terminated", "shutting-down"]);
const PAGE_SIZE = 1000;

/** Starts a machine, or finds the one of that name. @throws InputError when a default cannot be found; the SDK's own errors. */
export async function createMachine(ec2: EC2Client, settings: AwsSettings, name: string): Promise<Machine> {
  const known = await describe(ec2, [tagFilter("Name", name)]);
  const living = known.find(isLiving);
  if (living !== undefined) return { ...toMachine(living), existing: true };
  const gone = known.flatMap((instance) => instance.InstanceId ?? []);
  const { plan, image } = await planLaunch(ec2, settings);
  const launched = await ec2.send(new RunInstancesCommand(launch(plan, name, gone)));
  const [instance] = launched.Instances ?? [];
  if (instance === undefined) throw new Error("AWS accepted the request but named no machine");
  const chosen = chosenDefaults(settings, instance, image);
  return { ...toMachine(instance), ...(Object.keys(chosen).length > 0 ? { chosen } : {}) };
}

interface LaunchPlan {
  readonly imageId: string;
  readonly instanceType: string;
  readonly subnetId: string | undefined;
}

/** What the secret says, completed by what EC2 has; `image` is there when it was looked up. */
async function planLaunch(ec2: EC2Client, settings: AwsSettings): Promise<{ plan: LaunchPlan; image?: Image }> {
  const [image, instanceType] = await Promise.all([
    settings.imageId === undefined ? newestUbuntu(ec2, Date.now()) : { ImageId: settings.imageId },
    settings.instanceType ?? smallestType(ec2),
  ]);
  return { plan: { imageId: image.ImageId, instanceType, subnetId: settings.subnetId }, image };
}

function chosenDefaults(settings: AwsSettings, instance: Instance, image: Image | undefined): ChosenDefaults {
  const { InstanceType: size, SubnetId: subnet } = instance;
  const named = [image?.Name, image?.ImageId].filter((text) => text !== undefined).join(" ");
  return {
    ...(settings.imageId === undefined ? { image: named } : {}),
    ...(settings.instanceType === undefined && size !== undefined ? { size } : {}),
    ...(settings.subnetId === undefined && subnet !== undefined ? { network: subnet } : {}),
  };
}

/** All machines that are not gone for good, by name. */
export async function listMachines(ec2: EC2Client): Promise<Machine[]> {
  const states = ["pending", "running", "shutting-down", "stopping", "stopped"];
  const instances = await describe(ec2, [{ Name: "instance-state-name", Values: states }]);
  return instances.map(toMachine).sort((left, right) => left.name.localeCompare(right.name));
}

/** Ends every machine of that name. @throws InputError when there is none. */
export async function deleteMachine(ec2: EC2Client, name: string): Promise<Machine[]> {
  const living = (await describe(ec2, [tagFilter("Name", name)])).filter(isLiving);
  if (living.length === 0) throw new InputError(`there is no machine called ${name} on aws`);
  const ids = living.flatMap((instance) => instance.InstanceId ?? []);
  const answer = await ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));
  const ending = answer.TerminatingInstances ?? [];
  return ending.map(({ InstanceId = "", CurrentState }) => machine(InstanceId, name, CurrentState?.Name));
}

async function describe(ec2: EC2Client, filters: readonly Filter[]): Promise<Instance[]> {
  const instances: Instance[] = [];
  const input = { Filters: [tagFilter(MANAGED.key, MANAGED.value), ...filters] };
  for await (const page of paginateDescribeInstances({ client: ec2, pageSize: PAGE_SIZE }, input)) {
    for (const reservation of page.Reservations ?? []) instances.push(...(reservation.Instances ?? []));
  }
  return instances;
}

function launch(
  { imageId, instanceType, subnetId }: LaunchPlan,
  name: string,
  gone: readonly string[],
): RunInstancesCommandInput {
  const tags = { [MANAGED.key]: MANAGED.value, Name: name };
  return {
    ImageId: imageId,
    // The SDK lists today's types; the account may know newer ones.
    InstanceType: instanceType as NonNullable<RunInstancesCommandInput["InstanceType"]>,
    MinCount: 1,
    MaxCount: 1,
    ClientToken: clientToken({ name, imageId, instanceType, subnetId, gone }, Date.now()),
    TagSpecifications: [
      { ResourceType: "instance", Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) },
    ],
    ...(subnetId === undefined ? {} : { SubnetId: subnetId }),
  };
}

/** EC2 reads `*` and `?` in a filter as wildcards; names of machines cannot hold them (see vmNameProblem). */
function tagFilter(key: string, value: string): Filter {
  return { Name: `tag:${key}`, Values: [value] };
}

function isLiving(instance: Instance): boolean {
  return !GONE.has(instance.State?.Name ?? "");
}

function toMachine(instance: Instance): Machine {
  const name = instance.Tags?.find((tag) => tag.Key === "Name")?.Value ?? "";
  return machine(instance.InstanceId ?? "", name, instance.State?.Name);
}

function machine(id: string, name: string, status = "unknown"): Machine {
  return { id, name, status, state: status };
}
