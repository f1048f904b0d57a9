/** Finds the places of a vCenter that the secret names. Paths are those of its inventory: `/DC0/vm/Workloads/vmtest01`. */
import type { Inventory, Vsphere } from "../../../../packages/vsphere/client.ts";
import { MoRef, text } from "../../../../packages/xml/xml.ts";
import { InputError } from "../shared/context.ts";
import type { VsphereSettings } from "./settings.ts";

/** Where machines are made. */
export interface Places {
  readonly datacenter: MoRef;
  readonly folder: MoRef;
  readonly folderPath: string;
  readonly pool: MoRef;
}

/** @throws InputError that names the key of what is not there, and what there is. */
export async function findPlaces(vcenter: Vsphere, settings: VsphereSettings): Promise<Places> {
  const datacenter = await byName(vcenter, vcenter.rootFolder, "Datacenter", "datacenter", settings.datacenter);
  const [folder, pool] = await Promise.all([
    findFolder(vcenter, datacenter, settings.vmFolder),
    byName(vcenter, datacenter, "ResourcePool", "resourcePool", settings.resourcePool),
  ]);
  return { datacenter, pool, ...folder };
}

/** The object at an inventory path, asked for directly: no list has to be up to date. */
export async function atPath(vcenter: Vsphere, inventoryPath: string): Promise<MoRef | undefined> {
  const found = await vcenter.call("FindByInventoryPath", vcenter.manager("searchIndex"), { inventoryPath });
  return found instanceof MoRef ? found : undefined;
}

/** A name in an inventory path has `%`, `/` and `\` escaped. */
export function pathName(name: string): string {
  return name.replaceAll("%", "%25").replaceAll("/", "%2f").replaceAll("\\", "%5c");
}

async function findFolder(vcenter: Vsphere, datacenter: MoRef, wanted: string) {
  const top = `${await pathOf(vcenter, datacenter)}/vm`;
  const direct = `${top}/${wanted.split("/").filter(Boolean).map(pathName).join("/")}`.replace(/\/+$/, "");
  const atOnce = await atPath(vcenter, wanted === "vm" ? top : direct);
  if (atOnce !== undefined) return { folder: atOnce, folderPath: wanted === "vm" ? top : direct };
  const folder = await byName(vcenter, datacenter, "Folder", "vmFolder", wanted);
  return { folder, folderPath: await pathOf(vcenter, folder) };
}

/** Walks up to the root. */
async function pathOf(vcenter: Vsphere, target: MoRef): Promise<string> {
  const names: string[] = [];
  for (let current: MoRef | undefined = target; current !== undefined && current.value !== vcenter.rootFolder.value; ) {
    const found: Inventory | undefined = await vcenter.properties(current, ["name", "parent"]);
    // vCenter gives names with their escapes.
    names.unshift(text(found?.properties.name) ?? "");
    current = found?.properties.parent instanceof MoRef ? found.properties.parent : undefined;
  }
  return `/${names.join("/")}`;
}

async function byName(vcenter: Vsphere, below: MoRef, type: string, key: string, wanted: string): Promise<MoRef> {
  const all = await vcenter.below(below, type, ["name"]);
  const named = all.filter(({ properties }) => text(properties.name) === pathName(wanted));
  if (named.length === 1 && named[0] !== undefined) return named[0].ref;
  if (named.length > 1)
    throw new InputError(
      `the vCenter has ${named.length} places called ${wanted}: \`${key}\` of the secret \`vsphere\` has to name one`,
    );
  const there = all.flatMap(({ properties }) => text(properties.name) ?? []).slice(0, 10);
  const choice = there.length === 0 ? "" : ` (there are: ${there.join(", ")})`;
  throw new InputError(`the vCenter has no ${wanted}: correct \`${key}\` of the secret \`vsphere\`${choice}`);
}

/** A template with its name. */
export interface Template {
  readonly ref: MoRef;
  readonly name: string;
}

/** The template of the secret, or else the newest one that looks like Ubuntu, or the only one. @throws InputError */
export async function findTemplate(vcenter: Vsphere, datacenter: MoRef, wanted?: string): Promise<Template> {
  const paths = ["name", "config.template", "config.guestFullName", "config.createDate"];
  const machines = await vcenter.below(datacenter, "VirtualMachine", paths);
  if (wanted !== undefined) return named(machines, wanted);
  const templates = machines.filter(({ properties }) => text(properties["config.template"]) === "true");
  const ubuntu = templates.filter(({ properties }) =>
    /ubuntu/i.test(`${text(properties.name)} ${text(properties["config.guestFullName"])}`),
  );
  const newest = (ubuntu.length > 0 ? ubuntu : templates.length === 1 ? templates : []).sort(byAge).at(-1);
  if (newest !== undefined) return toTemplate(newest);
  const names = templates.flatMap(({ properties }) => text(properties.name) ?? []).slice(0, 10);
  const there = names.length === 0 ? "the datacenter has no template" : `there are the templates ${names.join(", ")}`;
  throw new InputError(`${there}: name one in \`template\` of the secret \`vsphere\``);
}

function named(machines: readonly Inventory[], wanted: string): Template {
  const found = machines.find(({ properties }) => text(properties.name) === pathName(wanted));
  if (found !== undefined) return toTemplate(found);
  throw new InputError(`the datacenter has no template ${wanted}: correct \`template\` of the secret \`vsphere\``);
}

function toTemplate({ ref, properties }: Inventory): Template {
  return { ref, name: text(properties.name) ?? "" };
}

function byAge(left: Inventory, right: Inventory): number {
  const age = ({ properties }: Inventory) => `${text(properties["config.createDate"])} ${text(properties.name)}`;
  return age(left).localeCompare(age(right));
}
