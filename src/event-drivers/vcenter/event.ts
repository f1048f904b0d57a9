/** An event of vSphere as Dispatch has it: its type, and what functions find in its data (cli-and-runtimes.md 3.2). Pure. */
import { type MoRef, type Parsed, ref, text } from "../../../packages/xml/xml.ts";
import type { DriverEvent } from "../shared/gateway.ts";

export const SOURCE = "vcenter1";

/** The published driver sent no time of its own; the event's is in its data. */
const NO_TIME = "0001-01-01T00:00:00Z";

/** `VmBeingDeployedEvent` -> `vm.being.deployed`, `DVPortgroupCreatedEvent` -> `dv.portgroup.created`. */
export function typeName(className: string): string {
  const words = className.replaceAll("Event", "").match(/[A-Z]+(?![a-z])|[A-Z][a-z0-9]*|[a-z0-9]+/g) ?? [];
  return words.join(".").toLowerCase() || "event";
}

export interface VcenterEvent {
  /** The class, such as `VmDeployedEvent`. */
  readonly className: string;
  /** Counts up in one vCenter. */
  readonly key: number;
  /** As the server wrote it. */
  readonly created: string;
  readonly event: Parsed;
}

/** @throws Error for what is no event. */
export function readVcenterEvent(event: Parsed): VcenterEvent {
  const key = Number(text(event, "key"));
  const created = text(event, "createdTime");
  if (!Number.isSafeInteger(key) || created === undefined)
    throw new Error("the vCenter sent an event without key or time");
  return { className: text(event, "$type") ?? "Event", key, created, event };
}

/** @param category `info`, `warning`, `error` or `user`, as the vCenter describes the class. */
export function toDriverEvent(
  { className, key, created, event }: VcenterEvent,
  instance: string,
  category: string,
): DriverEvent {
  return {
    eventType: typeName(className),
    source: SOURCE,
    eventID: `${instance}-${key}-${Date.parse(created)}`,
    eventTime: NO_TIME,
    eventTypeVersion: "0.1",
    contentType: "application/json",
    data: { metadata: metadataOf(className, event), time: created, category, message: messageOf(className, event) },
  };
}

function messageOf(className: string, event: Parsed): string {
  const message = (text(event, "fullFormattedMessage") ?? "").trim();
  const target = ref(event, "info", "entity");
  if (className !== "TaskEvent" || target === undefined) return message;
  return `${message} (target=${target.type} ${text(event, "info", "entityName") ?? ""})`;
}

function metadataOf(className: string, event: Parsed): object | null {
  const name = text(event, "vm", "name") ?? "";
  const reference = ref(event, "vm", "vm");
  const vm = { vm_name: name, vm_id: reference === undefined ? "" : idOf(reference) };
  if (className === "VmBeingCreatedEvent") {
    const sockets = Number(text(event, "configSpec", "numCPUs") ?? 0);
    const cores = Number(text(event, "configSpec", "numCoresPerSocket") ?? 1) || 1;
    return { ...vm, num_cpus: sockets * cores, mem_mb: Number(text(event, "configSpec", "memoryMB") ?? 0) };
  }
  if (className === "VmBeingDeployedEvent" || className === "VmDeployedEvent") {
    return { ...vm, src_template: text(event, "srcTemplate", "name") ?? "" };
  }
  if (className === "VmEvent") return { ...vm, is_template: text(event, "template") === "true" };
  return null;
}

function idOf({ type, value }: MoRef): string {
  return `${type}:${value}`;
}
