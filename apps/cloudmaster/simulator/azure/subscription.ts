/** One pretended subscription, in memory: its resources by id. Their states follow from the clock: nothing has to tick. */
import { randomUUID } from "node:crypto";
import { ArmError } from "./errors.ts";

export type Body = { readonly [member: string]: unknown };

export interface Resource {
  /** As it was first written; Azure compares ids without regard to case. */
  readonly id: string;
  readonly body: Body;
  /** When it stops being made; milliseconds since 1970. */
  readonly readyAt: number;
  /** Half-made for good. */
  readonly failed: boolean;
  readonly stopped: boolean;
  readonly createdAt: number;
}

export interface Operation {
  readonly doneAt: number;
  readonly error?: ArmError;
}

export interface SubscriptionOptions {
  /** How long machines take to be made and to go; milliseconds. */
  readonly transitionMs: number;
  /** How long lists go on without what is new; milliseconds. */
  readonly listLagMs: number;
  readonly maxMachines: number;
  readonly now: () => number;
}

/** The account that the stand-in pretends. */
export const ACCOUNT = {
  tenant: "11111111-1111-1111-1111-111111111111",
  subscription: "22222222-2222-2222-2222-222222222222",
  clientId: "33333333-3333-3333-3333-333333333333",
  password: "the-password-of-the-application",
  resourceGroup: "chat-ops",
  location: "eastus2",
  virtualNetwork: "office",
  subnet: "machines",
} as const;

export const NETWORK_ID = `/subscriptions/${ACCOUNT.subscription}/resourceGroups/${ACCOUNT.resourceGroup}/providers/Microsoft.Network/virtualNetworks/${ACCOUNT.virtualNetwork}`;

export function createSubscription(options: SubscriptionOptions) {
  const { now } = options;
  const resources = new Map<string, Resource>();
  const operations = new Map<string, Operation>();
  /** Machines that are to go, with the time when they do. */
  const leaving = new Map<string, number>();
  let failing: ArmError | undefined;
  let addresses = 3;

  function sweep(): void {
    for (const [key, at] of leaving) if (at <= now()) vanish(key);
  }

  /** A machine goes with what has `deleteOption: Delete`. */
  function vanish(key: string): void {
    leaving.delete(key);
    const machine = resources.get(key);
    resources.delete(key);
    for (const id of machine === undefined ? [] : attached(machine, true)) resources.delete(id.toLowerCase());
  }

  function get(id: string): Resource | undefined {
    sweep();
    return resources.get(id.toLowerCase());
  }

  function list(part: string, fresh = false): Resource[] {
    sweep();
    const visible = fresh ? Number.POSITIVE_INFINITY : now() - options.listLagMs;
    return [...resources.values()].filter(
      ({ id, createdAt }) => id.toLowerCase().includes(part.toLowerCase()) && createdAt <= visible,
    );
  }

  function put(id: string, body: Body, makeMs: number, failed = false): Resource {
    const known = get(id);
    const at = now();
    const resource: Resource = {
      id: known?.id ?? id,
      body: { ...known?.body, ...body },
      readyAt: known?.readyAt ?? at + makeMs,
      failed,
      stopped: known?.stopped ?? false,
      createdAt: known?.createdAt ?? at,
    };
    resources.set(id.toLowerCase(), resource);
    return resource;
  }

  function putMachine(id: string, body: Body): { resource: Resource; operation: string } {
    const known = get(id);
    const machines = list("/virtualMachines/", true).length;
    if (known === undefined && machines >= options.maxMachines)
      throw new ArmError(
        409,
        "QuotaExceeded",
        "Operation could not be completed as it results in exceeding approved Total Regional Cores quota.",
      );
    const [card] = cardsOf(body);
    if (card === undefined || get(card) === undefined)
      throw new ArmError(
        400,
        "InvalidResourceReference",
        `Resource ${card} referenced by resource ${id} was not found.`,
      );
    const error = failing;
    failing = undefined;
    const disk = diskOf(id, body);
    if (disk !== undefined && get(disk) === undefined) put(disk, { location: body.location, managedBy: id }, 0);
    const resource = put(id, body, options.transitionMs, error !== undefined);
    return { resource, operation: begin(resource.readyAt, error) };
  }

  function removeMachine(id: string): string | undefined {
    if (get(id) === undefined) return undefined;
    const at = now() + options.transitionMs;
    leaving.set(id.toLowerCase(), at);
    return begin(at);
  }

  /** Cards and disks of a machine cannot be deleted. */
  function remove(id: string): boolean {
    const holder = list("/virtualMachines/", true).find((machine) =>
      attached(machine, false).some((one) => one.toLowerCase() === id.toLowerCase()),
    );
    if (holder !== undefined)
      throw new ArmError(400, "NicInUse", `${id} is used by ${holder.id} and cannot be deleted.`);
    return resources.delete(id.toLowerCase());
  }

  function begin(doneAt: number, error?: ArmError): string {
    const id = randomUUID();
    operations.set(id, error === undefined ? { doneAt } : { doneAt, error });
    return id;
  }

  return {
    get,
    list,
    put,
    putMachine,
    remove,
    removeMachine,
    begin,
    operation: (id: string) => operations.get(id),
    setStopped: (resource: Resource, stopped: boolean) =>
      resources.set(resource.id.toLowerCase(), { ...resource, stopped }),
    /** The next machine is made half-way and fails like this. */
    failNextMachine: (error: ArmError) => {
      failing = error;
    },
    nextAddress: () => `10.0.0.${++addresses}`,
    provisioning: (resource: Resource) =>
      resource.failed ? "Failed" : resource.readyAt <= now() ? "Succeeded" : "Creating",
  };
}

export type Subscription = ReturnType<typeof createSubscription>;

type Attached = { readonly id?: string; readonly properties?: { readonly deleteOption?: string } };

function cardsOf(body: Body): string[] {
  return cardReferences(body).flatMap(({ id }) => id ?? []);
}

function cardReferences(body: Body): readonly Attached[] {
  const properties = body.properties as { networkProfile?: { networkInterfaces?: readonly Attached[] } } | undefined;
  return properties?.networkProfile?.networkInterfaces ?? [];
}

export function diskOf(machineId: string, body: Body): string | undefined {
  const name = osDiskOf(body)?.name;
  return name === undefined ? undefined : machineId.replace(/virtualMachines\/[^/]+$/i, `disks/${name}`);
}

function osDiskOf(body: Body): { readonly name?: string; readonly deleteOption?: string } | undefined {
  const properties = body.properties as { storageProfile?: { osDisk?: { name?: string; deleteOption?: string } } };
  return properties?.storageProfile?.osDisk;
}

/** The ids of what hangs on a machine; with `going` only what goes with it. */
function attached(machine: Resource, going: boolean): string[] {
  const cards = cardReferences(machine.body)
    .filter(({ properties }) => !going || properties?.deleteOption === "Delete")
    .flatMap(({ id }) => id ?? []);
  const disk = diskOf(machine.id, machine.body);
  const diskGoes = !going || osDiskOf(machine.body)?.deleteOption === "Delete";
  return disk !== undefined && diskGoes ? [...cards, disk] : cards;
}
