/** The machines that Cloudmaster made on vSphere: those with the mark `managedby=cloudmaster`, and no others. */
import { setTimeout as delay } from "node:timers/promises";
import type { Inventory, Vsphere } from "../../../../packages/vsphere/client.ts";
import { SoapFault } from "../../../../packages/vsphere/soap.ts";
import type { MoRef, XmlObject } from "../../../../packages/xml/xml.ts";
import { all, text } from "../../../../packages/xml/xml.ts";
import type { Cloud, Found, Note } from "../shared/cloud.ts";
import { InputError } from "../shared/context.ts";
import type { Machine } from "../shared/machine.ts";
import { atPath, findPlaces, findTemplate, type Places, pathName, type Template } from "./inventory.ts";
import { BIRTH_MARK, hasBirthMark, isMarked, markMachine } from "./mark.ts";
import { cardOnNetwork } from "./network.ts";
import type { VsphereSettings } from "./settings.ts";

/** What is asked of machines in a list; of a single one also the settings that hold its mark of birth. */
const LISTED = ["name", "runtime.powerState", "guest.ipAddress", "config.template", "customValue"];
const PATHS = [...LISTED, "guest.toolsRunningStatus", "config.extraConfig"];
/** How long a machine may take to tell its address, and to appear when somebody else makes it; milliseconds. */
const ADDRESS_WAIT_MS = 90_000;
const TWIN_WAIT_MS = 60_000;
const POLL_MS = 500;
/** How often a machine that has settings, and no mark among them, is looked at before it counts as somebody else's. */
const LOOKS = 3;

export function vsphereMachines(connect: () => Promise<Vsphere>, settings: VsphereSettings): Cloud {
  let opened: Promise<{ vcenter: Vsphere; places: Places }> | undefined;
  const open = () => {
    opened ??= connect().then(async (vcenter) => ({ vcenter, places: await findPlaces(vcenter, settings) }));
    return opened;
  };

  async function list(): Promise<Machine[]> {
    const { vcenter, places } = await open();
    const machines = (await vcenter.below(places.folder, "VirtualMachine", LISTED)).filter(isMarked).map(toMachine);
    return machines.sort((left, right) => left.name.localeCompare(right.name));
  }

  /** A name is unique in its folder, so the machine is asked for by its path. */
  async function find(name: string): Promise<Found[]> {
    const { vcenter, places } = await open();
    const path = `${places.folderPath}/${pathName(name)}`;
    const machine = await atPath(vcenter, path);
    const inventory = machine === undefined ? undefined : await born(vcenter, machine);
    if (inventory === undefined) return [];
    if (!isOurs(inventory)) throw new InputError(`${name} on vsphere was not made by Cloudmaster: it is left alone`);
    // A create that was killed just before this is finished here.
    if (!isMarked(inventory)) await markMachine(vcenter, inventory.ref);
    return [{ machine: toMachine(inventory), resources: [path], complete: true }];
  }

  async function create(name: string, _birth: unknown, note: Note): Promise<Machine> {
    const { vcenter, places } = await open();
    const template = await findTemplate(vcenter, places.datacenter, settings.template);
    const path = `${places.folderPath}/${pathName(name)}`;
    await note(path);
    const spec = await cloneSpec(vcenter, settings, places, template);
    try {
      await vcenter.task("CloneVM_Task", template.ref, { folder: places.folder, name, spec });
    } catch (error) {
      if (!(error instanceof SoapFault && error.fault === "DuplicateName")) throw error;
    }
    const machine = await appeared(vcenter, path);
    await markMachine(vcenter, machine);
    const told = await withAddress(vcenter, machine);
    return { ...told, ...(settings.template === undefined ? { chosen: { image: template.name } } : {}) };
  }

  /** @param resource the inventory path of a machine */
  async function remove(resource: string): Promise<void> {
    const { vcenter } = await open();
    const machine = await atPath(vcenter, resource);
    const inventory = machine === undefined ? undefined : await born(vcenter, machine);
    if (machine === undefined || inventory === undefined || !isOurs(inventory)) return;
    await power(vcenter, machine, "PowerOffVM_Task");
    await vcenter.task("Destroy_Task", machine).catch(unless("ManagedObjectNotFound"));
  }

  async function switched(found: Found, method: "PowerOnVM_Task" | "PowerOffVM_Task"): Promise<Machine> {
    const { vcenter } = await open();
    const machine = await atPath(vcenter, found.resources[0] ?? "");
    if (machine === undefined) return found.machine;
    await power(vcenter, machine, method);
    const inventory = await vcenter.properties(machine, PATHS);
    return inventory === undefined ? found.machine : toMachine(inventory);
  }

  return {
    list,
    find,
    create,
    remove,
    start: (found) => switched(found, "PowerOnVM_Task"),
    stop: (found) => switched(found, "PowerOffVM_Task"),
    close: async () => {
      const session = await opened?.catch(() => undefined);
      await session?.vcenter.close();
    },
  };
}

async function cloneSpec(
  vcenter: Vsphere,
  settings: VsphereSettings,
  { datacenter, pool }: Places,
  template: Template,
): Promise<XmlObject> {
  const { cpus, memory, datastore, network } = settings;
  const stores = datastore === undefined ? [] : await vcenter.below(datacenter, "Datastore", ["name"]);
  const store = stores.find(({ properties }) => text(properties.name) === datastore)?.ref;
  if (datastore !== undefined && store === undefined)
    throw new InputError(`the datacenter has no ${datastore}: correct \`datastore\` of the secret \`vsphere\``);
  const deviceChange = network === undefined ? undefined : await cardOnNetwork(vcenter, datacenter, template, network);
  return {
    location: { datastore: store, pool },
    template: false,
    config: {
      annotation: "Made by Cloudmaster",
      numCPUs: cpus,
      memoryMB: memory,
      deviceChange,
      extraConfig: BIRTH_MARK,
    },
    powerOn: true,
  };
}

/** The machine at the path: at once when we made it, soon when somebody else's clone of that name is under way. */
async function appeared(vcenter: Vsphere, path: string): Promise<MoRef> {
  for (const deadline = Date.now() + TWIN_WAIT_MS; ; await delay(POLL_MS)) {
    const machine = await atPath(vcenter, path);
    if (machine !== undefined) return machine;
    if (Date.now() > deadline) throw new Error("the vCenter has a machine of this name and does not show it");
  }
}

/** A machine with the settings it is born with: while a clone is under way, it is there before they are. */
async function born(vcenter: Vsphere, machine: MoRef): Promise<Inventory | undefined> {
  const deadline = Date.now() + TWIN_WAIT_MS;
  for (let looks = 1; ; await delay(POLL_MS)) {
    const inventory = await vcenter.properties(machine, PATHS);
    if (inventory === undefined || isOurs(inventory) || Date.now() > deadline) return inventory;
    if (inventory.properties["config.template"] !== undefined && looks++ >= LOOKS) return inventory;
  }
}

/** A machine without VMware Tools never tells an address: nobody waits for that. */
async function withAddress(vcenter: Vsphere, machine: MoRef): Promise<Machine> {
  for (const deadline = Date.now() + ADDRESS_WAIT_MS; ; await delay(POLL_MS)) {
    const inventory = await vcenter.properties(machine, PATHS);
    if (inventory === undefined) throw new Error("the machine was deleted while it was made");
    const told = toMachine(inventory);
    const running = text(inventory.properties["guest.toolsRunningStatus"]) === "guestToolsRunning";
    if (told.ip !== null || !running || Date.now() > deadline) return told;
  }
}

/** One that is in that state already is fine. */
async function power(vcenter: Vsphere, machine: MoRef, method: "PowerOnVM_Task" | "PowerOffVM_Task"): Promise<void> {
  await vcenter.task(method, machine).catch(unless("InvalidPowerState", "InvalidPowerStateFault"));
}

function unless(...faults: readonly string[]) {
  return (error: unknown): void => {
    if (!(error instanceof SoapFault && faults.includes(error.fault))) throw error;
  };
}

/** The mark of birth is there from the machine's first moment, the custom attribute a moment later. */
function isOurs(inventory: Inventory): boolean {
  return isMarked(inventory) || hasBirthMark(inventory);
}

function toMachine({ ref, properties }: Inventory): Machine {
  const status = (text(properties["runtime.powerState"]) ?? "unknown").replace(/^powered/, "").toLowerCase();
  const [ip = null] = all(properties["guest.ipAddress"]).filter((address) => typeof address === "string");
  return { id: ref.value, name: text(properties.name) ?? "", status, state: status, ip };
}
