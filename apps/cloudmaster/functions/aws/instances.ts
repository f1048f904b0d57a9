/** The machines that Cloudmaster made on EC2: those with the tag `managedby=cloudmaster`, and no others. */
import type { EC2Client, Filter, Instance, RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { paginateDescribeInstances, RunInstancesCommand, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { InputError } from "../shared/context.ts";
import type { Machine } from "../shared/machine.ts";
import { clientToken } from "./client-token.ts";
import type { AwsSettings } from "./settings.ts";
import { requireImageId } from "./settings.ts";

const MANAGED = { key: "managedby", value: "cloudmaster" } as const;
const GONE = new Set(["terminated", "shutting-down"]);
const PAGE_SIZE = 1000;

/** Starts a machine, or finds the one of that name. @throws InputError without an image id; the SDK's own errors. */
export async function createMachine(ec2: EC2Client, settings: AwsSettings, name: string): Promise<Machine> {
  const imageId = requireImageId(settings);
  const known = await describe(ec2, [tagFilter("Name", name)]);
  const living = known.find(isLiving);
  if (living !== undefined) return { ...toMachine(living), existing: true };
  const gone = known.flatMap((instance) => instance.InstanceId ?? []);
  const launched = await ec2.send(new RunInstancesCommand(launch({ ...settings, imageId }, name, gone)));
  const [instance] = launched.Instances ?? [];
  if (instance === undefined) throw new Error("AWS accepted the request but named no machine");
  return toMachine(instance);
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
  settings: AwsSettings & { readonly imageId: string },
  name: string,
  gone: readonly string[],
): RunInstancesCommandInput {
  const { imageId, instanceType, subnetId } = settings;
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
