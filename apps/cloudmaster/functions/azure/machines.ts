/** The machines that Cloudmaster made on Azure: those with the tag `managedby=cloudmaster`, and no others. */
import { setTimeout as delay } from "node:timers/promises";
import type { Cloud, Found, Note } from "../shared/cloud.ts";
import { InputError } from "../shared/context.ts";
import type { Machine } from "../shared/machine.ts";
import { listAt, RestError, textAt, valueAt } from "../shared/rest.ts";
import type { ApiFamily, Arm } from "./account.ts";
import { findImage, findResourceGroup, findSize } from "./defaults.ts";
import type { AzureSettings } from "./settings.ts";

const TAGS = { managedby: "cloudmaster" } as const;
/** A card whose machine failed stays reserved for it for three minutes. */
const RESERVED_ATTEMPTS = 12;
const RESERVED_WAIT_MS = 20_000;

export function azureMachines(arm: Arm, settings: AzureSettings): Cloud {
  let group: Promise<string> | undefined;
  const scope = async () => {
    group ??= findResourceGroup(arm, settings);
    return `/subscriptions/${settings.subscription}/resourceGroups/${await group}`;
  };

  async function list(): Promise<Machine[]> {
    const found = (await listMachines(arm, await scope(), settings)).map(({ machine }) => machine);
    return found.sort((left, right) => left.name.localeCompare(right.name));
  }

  /** PUT on the name is Azure's mark of idempotence, so the machine of a name is asked for by its id. */
  async function find(name: string): Promise<Found[]> {
    const body = await existing(arm, "compute", machineId(await scope(), name), { $expand: "instanceView" });
    if (body === undefined) return [];
    if (!isOurs(body)) throw new InputError(`${name} on azure was not made by Cloudmaster: it is left alone`);
    return [await describe(arm, body)];
  }

  async function create(name: string, _birth: unknown, note: Note): Promise<Machine> {
    const [base, image, size] = await Promise.all([scope(), findImage(arm, settings), findSize(arm, settings)]);
    const [disk, card, machine] = [diskId(base, name), cardId(base, name), machineId(base, name)];
    await note(card);
    await arm.change("PUT", "network", card, networkCard(settings, base));
    // The machine's disk is made with it and deleted with it; after a create that failed half-way it may stay.
    await note(disk);
    await note(machine);
    await arm.change("PUT", "compute", machine, virtualMachine(settings, { name, card, image, size }));
    const [found] = await find(name);
    if (found === undefined) throw new Error(`Azure made ${name} and does not show it`);
    return { ...found.machine, ...chosen(settings, { image: image.offer, size }) };
  }

  async function remove(resource: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await arm.change("DELETE", familyOf(resource), resource);
      } catch (error) {
        if (error instanceof RestError && error.status === 404) return;
        if (!isReserved(error) || attempt >= RESERVED_ATTEMPTS) throw error;
        await delay(RESERVED_WAIT_MS);
      }
    }
  }

  async function power(found: Found, action: "start" | "deallocate"): Promise<Machine> {
    const id = found.resources.at(-1) ?? "";
    await arm.change("POST", "compute", `${id}/${action}`);
    const [after] = await find(found.machine.name);
    return after?.machine ?? found.machine;
  }

  return {
    list,
    find,
    create,
    remove,
    start: (found) => power(found, "start"),
    // A machine that is only powered off goes on costing money.
    stop: (found) => power(found, "deallocate"),
  };
}

function isReserved(error: unknown): boolean {
  return error instanceof RestError && textAt(error.body, "error", "code") === "NicReservedForAnotherVm";
}

const machineId = (base: string, name: string) => `${base}/providers/Microsoft.Compute/virtualMachines/${name}`;
const diskId = (base: string, name: string) => `${base}/providers/Microsoft.Compute/disks/${name}-disk`;
const cardId = (base: string, name: string) => `${base}/providers/Microsoft.Network/networkInterfaces/${name}-nic`;

function familyOf(id: string): ApiFamily {
  if (id.includes("/Microsoft.Network/")) return "network";
  return id.includes("/disks/") ? "disks" : "compute";
}

function networkCard({ location, virtualNetwork, subnet }: AzureSettings, base: string): unknown {
  const id = `${base}/providers/Microsoft.Network/virtualNetworks/${virtualNetwork}/subnets/${subnet}`;
  const properties = { subnet: { id }, privateIPAllocationMethod: "Dynamic" };
  return { location, tags: TAGS, properties: { ipConfigurations: [{ name: "main", properties }] } };
}

interface MachinePlan {
  readonly name: string;
  readonly card: string;
  readonly image: unknown;
  readonly size: string;
}

function virtualMachine(
  { location, adminUsername, adminPassword }: AzureSettings,
  { name, card, image, size }: MachinePlan,
): unknown {
  const osDisk = { name: `${name}-disk`, createOption: "FromImage", deleteOption: "Delete" };
  return {
    location,
    tags: TAGS,
    properties: {
      hardwareProfile: { vmSize: size },
      storageProfile: { imageReference: image, osDisk },
      osProfile: { computerName: name, adminUsername, adminPassword },
      networkProfile: { networkInterfaces: [{ id: card, properties: { primary: true, deleteOption: "Delete" } }] },
    },
  };
}

function chosen({ image, size }: AzureSettings, taken: { image: string; size: string }): Pick<Machine, "chosen"> {
  const defaults = {
    ...(image === undefined ? { image: taken.image } : {}),
    ...(size === undefined ? { size: taken.size } : {}),
  };
  return Object.keys(defaults).length === 0 ? {} : { chosen: defaults };
}

/** All machines with their power states and addresses: three lists, whatever their number. */
async function listMachines(arm: Arm, base: string, settings: AzureSettings): Promise<Found[]> {
  const provider = `${base}/providers/Microsoft.Compute/virtualMachines`;
  const everywhere = `/subscriptions/${settings.subscription}/providers/Microsoft.Compute/virtualMachines`;
  const [machines, states, cards] = await Promise.all([
    arm.list("compute", provider),
    arm.list("compute", everywhere, { statusOnly: "true" }),
    arm.list("network", `${base}/providers/Microsoft.Network/networkInterfaces`),
  ]);
  const stateOf = byId(states);
  const cardOf = byId(cards);
  return machines.filter(isOurs).map((body) => {
    const id = textAt(body, "id") ?? "";
    const state = stateOf.get(id.toLowerCase());
    return toFound(
      body,
      state,
      cardIdsOf(body).map((card) => cardOf.get(card.toLowerCase())),
    );
  });
}

async function describe(arm: Arm, body: unknown): Promise<Found> {
  const cards = await Promise.all(cardIdsOf(body).map((id) => existing(arm, "network", id)));
  return toFound(body, body, cards);
}

/** The body of a resource, or undefined when it is not there. */
async function existing(
  arm: Arm,
  family: ApiFamily,
  id: string,
  query?: Readonly<Record<string, string>>,
): Promise<unknown> {
  try {
    return await arm.get(family, id, query);
  } catch (error) {
    if (error instanceof RestError && error.status === 404) return undefined;
    throw error;
  }
}

function byId(bodies: readonly unknown[]): Map<string, unknown> {
  return new Map(bodies.map((body) => [(textAt(body, "id") ?? "").toLowerCase(), body]));
}

function isOurs(body: unknown): boolean {
  return valueAt(body, "tags", "managedby") === TAGS.managedby;
}

function cardIdsOf(body: unknown): string[] {
  return listAt(body, "properties", "networkProfile", "networkInterfaces").flatMap((card) => textAt(card, "id") ?? []);
}

function toFound(body: unknown, stateful: unknown, cards: readonly unknown[]): Found {
  const id = textAt(body, "id") ?? "";
  const disk = textAt(body, "properties", "storageProfile", "osDisk", "managedDisk", "id");
  const status = powerState(stateful) ?? textAt(body, "properties", "provisioningState")?.toLowerCase() ?? "unknown";
  const ip = cards.map(addressOf).find((address) => address !== undefined) ?? null;
  const machine = { id, name: textAt(body, "name") ?? "", status, state: status, ip };
  const complete = textAt(body, "properties", "provisioningState") === "Succeeded";
  return { machine, resources: [...cardIdsOf(body), ...(disk === undefined ? [] : [disk]), id], complete };
}

/** `PowerState/running` and the like (instance view statuses). */
function powerState(body: unknown): string | undefined {
  const codes = listAt(body, "properties", "instanceView", "statuses").flatMap(
    (status) => textAt(status, "code") ?? [],
  );
  return codes.find((code) => code.startsWith("PowerState/"))?.slice("PowerState/".length);
}

function addressOf(card: unknown): string | undefined {
  const [configuration] = listAt(card, "properties", "ipConfigurations");
  return textAt(configuration, "properties", "privateIPAddress");
}
