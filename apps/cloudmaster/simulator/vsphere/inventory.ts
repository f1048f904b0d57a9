/** One pretended vCenter, in memory: the places that the published secret file names, one template, and the machines. */
import { randomInt } from "node:crypto";
import { createHistory } from "./history.ts";

export interface VsphereMachine {
  readonly id: string;
  readonly name: string;
  readonly template: boolean;
  /** When its clone is done; milliseconds since 1970. */
  readonly readyAt: number;
  on: boolean;
  readonly address: string | undefined;
  /** `config.extraConfig` */
  readonly settings: Map<string, string>;
  /** Custom attribute key to its value. */
  readonly attributes: Map<string, string>;
}

export interface VsphereTask {
  readonly doneAt: number;
  readonly result?: string;
  readonly fault?: { readonly type: string; readonly message: string };
}

/** A refusal of vSphere: the type of the fault, and its words. */
export class VsphereFault extends Error {
  override name = "VsphereFault";
  readonly fault: string;

  constructor(fault: string, message: string) {
    super(message);
    this.fault = fault;
  }
}

export function createInventory({ transitionMs, now }: { readonly transitionMs: number; readonly now: () => number }) {
  const machines = new Map<string, VsphereMachine>();
  const tasks = new Map<string, VsphereTask>();
  const fields: string[] = [];
  const history = createHistory(now);
  let ids = 100;
  let failing: VsphereFault | undefined;
  const source = add("ubuntu-24.04-template", { template: true, readyAt: 0, on: false, settings: new Map() });

  function add(name: string, facts: Pick<VsphereMachine, "template" | "readyAt" | "on" | "settings">): VsphereMachine {
    const address = facts.template ? undefined : `192.0.2.${randomInt(1, 255)}`;
    const machine = { ...facts, id: `vm-${++ids}`, name, address, attributes: new Map<string, string>() };
    machines.set(machine.id, machine);
    return machine;
  }

  function begin(task: VsphereTask): string {
    const id = `task-${++ids}`;
    tasks.set(id, task);
    return id;
  }

  function clone(name: string, on: boolean, settings: Readonly<Record<string, string>>): string {
    const doneAt = now() + transitionMs;
    const fault = failing;
    failing = undefined;
    if (fault !== undefined) return begin({ doneAt, fault: { type: fault.fault, message: fault.message } });
    if ([...machines.values()].some((machine) => machine.name === name))
      return begin({ doneAt, fault: { type: "DuplicateName", message: `The name '${name}' already exists.` } });
    const { id } = add(name, { template: false, readyAt: doneAt, on, settings: new Map(Object.entries(settings)) });
    const machine = { name, id, template: { name: source.name, id: source.id } };
    history.add({ className: "VmBeingDeployedEvent", at: now(), machine });
    history.add({ className: "VmDeployedEvent", at: doneAt, machine });
    return begin({ doneAt, result: id });
  }

  function reconfigure(id: string, settings: Readonly<Record<string, string>>): string {
    const machine = find(id);
    for (const [key, value] of Object.entries(settings)) machine.settings.set(key, value);
    return begin({ doneAt: now() });
  }

  function find(id: string): VsphereMachine {
    const machine = machines.get(id);
    if (machine === undefined) throw new VsphereFault("ManagedObjectNotFound", `The object '${id}' has been deleted.`);
    return machine;
  }

  function power(id: string, on: boolean): string {
    const machine = find(id);
    if (machine.on === on)
      return begin({ doneAt: now(), fault: { type: "InvalidPowerState", message: "The machine is in that state." } });
    machine.on = on;
    return begin({ doneAt: now() });
  }

  function destroy(id: string): string {
    if (find(id).on)
      return begin({ doneAt: now(), fault: { type: "InvalidPowerState", message: "The machine is on." } });
    machines.delete(id);
    return begin({ doneAt: now() });
  }

  function fieldKey(name: string): string {
    if (!fields.includes(name)) fields.push(name);
    return String(fields.indexOf(name) + 1);
  }

  return {
    history,
    clone,
    reconfigure,
    power,
    destroy,
    find,
    fields: () => fields.map((name, index) => ({ key: String(index + 1), name })),
    fieldKey,
    task: (id: string) => tasks.get(id),
    machines: () => [...machines.values()],
    /** The next clone fails like this. */
    failNext: (fault: string, message: string) => {
      failing = new VsphereFault(fault, message);
    },
    now,
  };
}

export type VsphereInventory = ReturnType<typeof createInventory>;
