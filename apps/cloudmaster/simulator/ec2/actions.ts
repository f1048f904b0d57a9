/** The actions of the EC2 API that are here, as a table: parameters in, the answer's elements out. */

import type { Account, Machine, StateName } from "./account.ts";
import { STATE_CODES } from "./account.ts";
import { DEFAULT_SUBNET, describeImages, describeInstanceTypes } from "./catalogue.ts";
import { Ec2Error } from "./errors.ts";
import { filters, integer, list, required, tags } from "./parameters.ts";
import { fits } from "./select.ts";
import type { XmlTree } from "./xml.ts";

type Elements = { readonly [element: string]: XmlTree | undefined };

/** Name of the action to what it does. */
export const ACTIONS: Readonly<Record<string, (account: Account, parameters: URLSearchParams) => Elements>> = {
  RunInstances: runInstances,
  DescribeInstances: describeInstances,
  TerminateInstances: terminateInstances,
  StartInstances: (account, parameters) => switchInstances(account, parameters, false),
  StopInstances: (account, parameters) => switchInstances(account, parameters, true),
  CreateTags: createTags,
  DescribeImages: (_account, parameters) => describeImages(filters(parameters), list(parameters, "Owner")),
  DescribeInstanceTypes: (_account, parameters) => describeInstanceTypes(filters(parameters)),
};

const DEFAULT_PAGE = 1000;

function runInstances(account: Account, parameters: URLSearchParams): Elements {
  const imageId = required(parameters, "ImageId");
  if (!/^ami-[0-9a-f]{8,17}$/.test(imageId)) {
    throw new Ec2Error(400, "InvalidAMIID.Malformed", `Invalid id: "${imageId}" (expecting "ami-...")`);
  }
  required(parameters, "MinCount");
  required(parameters, "MaxCount");
  const machines = account.launch({
    imageId,
    instanceType: parameters.get("InstanceType") ?? "m1.small",
    count: integer(parameters, "MaxCount", { min: 1, max: 100 }) ?? 1,
    subnetId: parameters.get("SubnetId") ?? DEFAULT_SUBNET,
    tags: instanceTags(parameters),
    clientToken: parameters.get("ClientToken") ?? undefined,
  });
  return reservation(account, machines);
}

function instanceTags(parameters: URLSearchParams) {
  const resources = list(parameters, "TagSpecification", "ResourceType");
  return resources.flatMap((resource, index) =>
    resource === "instance" ? tags(parameters, `TagSpecification.${index + 1}.Tag`) : [],
  );
}

function describeInstances(account: Account, parameters: URLSearchParams): Elements {
  const ids = list(parameters, "InstanceId");
  const size = integer(parameters, "MaxResults", { min: 5, max: 1000 });
  if (ids.length > 0 && size !== undefined) {
    throw new Ec2Error(
      400,
      "InvalidParameterCombination",
      "The parameter instancesSet cannot be used with the parameter maxResults",
    );
  }
  const candidates = ids.length > 0 ? ids.map(account.find) : account.listed();
  const wanted = filters(parameters);
  const selected = candidates.filter((machine) => fits(account, machine, wanted));
  const start = readToken(parameters.get("NextToken"));
  const end = start + (size ?? DEFAULT_PAGE);
  return {
    reservationSet: selected.slice(start, end).map((machine) => reservation(account, [machine])),
    nextToken: end < selected.length ? writeToken(end) : undefined,
  };
}

function terminateInstances(account: Account, parameters: URLSearchParams): Elements {
  required(parameters, "InstanceId.1");
  const machines = list(parameters, "InstanceId").map(account.find);
  const instancesSet = machines.map((machine) => {
    const previousState = stateElement(account.state(machine));
    account.terminate(machine);
    return { instanceId: machine.id, currentState: stateElement(account.state(machine)), previousState };
  });
  return { instancesSet };
}

function switchInstances(account: Account, parameters: URLSearchParams, stopped: boolean): Elements {
  required(parameters, "InstanceId.1");
  const machines = list(parameters, "InstanceId").map(account.find);
  const instancesSet = machines.map((machine) => {
    const previousState = stateElement(account.state(machine));
    machine.stopped = stopped;
    return { instanceId: machine.id, currentState: stateElement(account.state(machine)), previousState };
  });
  return { instancesSet };
}

function createTags(account: Account, parameters: URLSearchParams): Elements {
  required(parameters, "ResourceId.1");
  required(parameters, "Tag.1.Key");
  const machines = list(parameters, "ResourceId").map(account.find);
  for (const machine of machines) {
    for (const { key, value } of tags(parameters, "Tag")) machine.tags.set(key, value);
  }
  return { return: "true" };
}

function reservation(account: Account, machines: readonly Machine[]): Elements {
  return {
    reservationId: machines[0]?.reservationId,
    ownerId: "123456789012",
    groupSet: [],
    instancesSet: machines.map((machine) => instanceElement(account, machine)),
  };
}

function instanceElement(account: Account, machine: Machine): Elements {
  return {
    instanceId: machine.id,
    imageId: machine.imageId,
    instanceState: stateElement(account.state(machine)),
    instanceType: machine.instanceType,
    launchTime: new Date(machine.launchedAt).toISOString(),
    subnetId: machine.subnetId,
    privateIpAddress: machine.address,
    clientToken: machine.clientToken,
    tagSet: [...machine.tags].map(([key, value]) => ({ key, value })),
  };
}

function stateElement(name: StateName): Elements {
  return { code: STATE_CODES[name], name };
}

function readToken(token: string | null): number {
  if (token === null) return 0;
  const offset = Number(Buffer.from(token, "base64url").toString());
  if (Number.isInteger(offset) && offset > 0) return offset;
  throw new Ec2Error(400, "InvalidParameterValue", "Unable to parse pagination token");
}

function writeToken(offset: number): string {
  return Buffer.from(String(offset)).toString("base64url");
}
