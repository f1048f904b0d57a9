/** What the secret does not name: found through Azure's own API. */
import { InputError } from "../shared/context.ts";
import { listAt, textAt, valueAt } from "../shared/rest.ts";
import type { Arm } from "./account.ts";
import type { ImageReference } from "./image.ts";
import type { AzureSettings } from "./settings.ts";

/** The resource group of the network, for whoever named none. @throws InputError when no or several networks fit. */
export async function findResourceGroup(arm: Arm, settings: AzureSettings): Promise<string> {
  if (settings.resourceGroup !== undefined) return settings.resourceGroup;
  const path = `/subscriptions/${settings.subscription}/providers/Microsoft.Network/virtualNetworks`;
  const networks = await arm.list("network", path);
  const wanted = settings.virtualNetwork.toLowerCase();
  const groups = networks
    .filter((network) => textAt(network, "name")?.toLowerCase() === wanted)
    .flatMap((network) => resourceGroupOf(textAt(network, "id")) ?? []);
  const [group, ...others] = groups;
  if (group === undefined)
    throw new InputError(
      `the subscription has no virtual network ${settings.virtualNetwork}: correct \`virtual_network\` of the secret \`azure\``,
    );
  if (others.length > 0)
    throw new InputError(
      `several resource groups have a network ${settings.virtualNetwork}: add \`resource_group\` to the secret \`azure\``,
    );
  return group;
}

function resourceGroupOf(id: string | undefined): string | undefined {
  return id === undefined ? undefined : /\/resourceGroups\/([^/]+)\//i.exec(id)?.[1];
}

/** The newest Ubuntu LTS of Canonical in that region: offers are called `ubuntu-24_04-lts`. @throws InputError */
export async function findImage(arm: Arm, settings: AzureSettings): Promise<ImageReference> {
  if (settings.image !== undefined) return settings.image;
  const { subscription, location } = settings;
  const publisher = "Canonical";
  const path = `/subscriptions/${subscription}/providers/Microsoft.Compute/locations/${location}/publishers/${publisher}/artifacttypes/vmimage/offers`;
  const offers = await arm.get("compute", path);
  const newest = (Array.isArray(offers) ? offers : [])
    .flatMap((offer) => textAt(offer, "name") ?? [])
    .filter((name) => /^ubuntu-\d\d_04-lts$/.test(name) && Number(name.slice(7, 9)) % 2 === 0)
    .sort()
    .at(-1);
  if (newest === undefined)
    throw new InputError(`Azure has no Ubuntu LTS image in ${location}: add \`image\` to the secret \`azure\``);
  return { publisher, offer: newest, sku: "server", version: "latest" };
}

/** The smallest general-purpose size (series B and D, x64, 1 GiB or more) that is offered there. @throws InputError */
export async function findSize(arm: Arm, settings: AzureSettings): Promise<string> {
  if (settings.size !== undefined) return settings.size;
  const path = `/subscriptions/${settings.subscription}/providers/Microsoft.Compute/skus`;
  const skus = await arm.list("skus", path, { $filter: `location eq '${settings.location}'` });
  const [smallest] = skus
    .filter(isGeneralSize)
    .map((sku) => ({
      name: textAt(sku, "name") ?? "",
      cpus: capability(sku, "vCPUs"),
      memory: capability(sku, "MemoryGB"),
    }))
    .filter(({ cpus, memory }) => cpus >= 1 && memory >= 1)
    .sort((left, right) => left.cpus - right.cpus || left.memory - right.memory || left.name.localeCompare(right.name));
  if (smallest === undefined)
    throw new InputError(`Azure offers no general size in ${settings.location}: add \`size\` to the secret \`azure\``);
  return smallest.name;
}

/** The image needs the second generation of virtual hardware. */
function isGeneralSize(sku: unknown): boolean {
  if (textAt(sku, "resourceType") !== "virtualMachines" || listAt(sku, "restrictions").length > 0) return false;
  const generations = capabilityText(sku, "HyperVGenerations") ?? "";
  const arm64 = capabilityText(sku, "CpuArchitectureType") === "Arm64";
  return /^standard_?[bd]/i.test(textAt(sku, "name") ?? "") && generations.includes("V2") && !arm64;
}

function capability(sku: unknown, name: string): number {
  return Number(capabilityText(sku, name) ?? Number.NaN);
}

function capabilityText(sku: unknown, name: string): string | undefined {
  const found = listAt(sku, "capabilities").find((one) => valueAt(one, "name") === name);
  return textAt(found, "value");
}
