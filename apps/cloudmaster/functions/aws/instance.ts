/** One EC2 instance, as DescribeInstances and RunInstances show it. */
import type { Parsed } from "../../../../packages/xml/xml.ts";
import { all, text } from "../../../../packages/xml/xml.ts";
import type { Found } from "../shared/cloud.ts";
import type { Machine } from "../shared/machine.ts";

export const MANAGED = { key: "managedby", value: "cloudmaster" } as const;
const GONE = new Set(["terminated", "shutting-down"]);

export function stateOf(instance: Parsed): string | undefined {
  return text(instance, "instanceState", "name");
}

export function idOf(instance: Parsed): string {
  return text(instance, "instanceId") ?? "";
}

/** One of Cloudmaster's that is not gone for good. */
export function isLiving(instance: Parsed): boolean {
  return isOurs(instance) && !GONE.has(stateOf(instance) ?? "");
}

export function isOurs(instance: Parsed): boolean {
  return tagOf(instance, MANAGED.key) === MANAGED.value;
}

function tagOf(instance: Parsed, key: string): string | undefined {
  const tag = all(instance, "tagSet", "item").find((one) => text(one, "key") === key);
  return text(tag, "value");
}

export function toFound(instance: Parsed): Found {
  return { machine: toMachine(instance), resources: [idOf(instance)], complete: stateOf(instance) !== "pending" };
}

export function toMachine(instance: Parsed): Machine {
  const status = stateOf(instance) ?? "unknown";
  const ip = text(instance, "ipAddress") || text(instance, "privateIpAddress") || null;
  return { id: idOf(instance), name: tagOf(instance, "Name") ?? "", status, state: status, ip };
}
