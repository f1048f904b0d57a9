/** Which network a new machine's card is on. */
import type { Vsphere } from "../../../../packages/vsphere/client.ts";
import type { Parsed, XmlObject } from "../../../../packages/xml/xml.ts";
import { all, MoRef, text } from "../../../../packages/xml/xml.ts";
import { InputError } from "../shared/context.ts";
import type { Template } from "./inventory.ts";

/** The change of the template's first card, for a clone's specification. @throws InputError when there is no such network or card. */
export async function cardOnNetwork(
  vcenter: Vsphere,
  datacenter: MoRef,
  template: Template,
  network: string,
): Promise<XmlObject> {
  const [backing, card] = await Promise.all([findBacking(vcenter, datacenter, network), firstCard(vcenter, template)]);
  const device = { $type: text(card, "$type") ?? "", key: text(card, "key"), backing };
  return { operation: "edit", device };
}

async function findBacking(vcenter: Vsphere, datacenter: MoRef, wanted: string): Promise<XmlObject> {
  const networks = await vcenter.below(datacenter, "Network", ["name"]);
  const found = networks.find(({ properties }) => text(properties.name) === wanted);
  if (found === undefined) {
    const there = networks.flatMap(({ properties }) => text(properties.name) ?? []).slice(0, 10);
    throw new InputError(
      `the datacenter has no network ${wanted}: correct \`network\` of the secret \`vsphere\` (there are: ${there.join(", ")})`,
    );
  }
  if (found.ref.type !== "DistributedVirtualPortgroup")
    return { $type: "VirtualEthernetCardNetworkBackingInfo", deviceName: wanted };
  return { $type: "VirtualEthernetCardDistributedVirtualPortBackingInfo", port: await portOf(vcenter, found.ref) };
}

async function portOf(vcenter: Vsphere, group: MoRef): Promise<XmlObject> {
  const found = await vcenter.properties(group, ["key", "config.distributedVirtualSwitch"]);
  const owner = found?.properties["config.distributedVirtualSwitch"];
  const uuid = owner instanceof MoRef ? (await vcenter.properties(owner, ["uuid"]))?.properties.uuid : undefined;
  return { switchUuid: text(uuid), portgroupKey: text(found?.properties.key) };
}

async function firstCard(vcenter: Vsphere, { ref, name }: Template): Promise<Parsed> {
  const hardware = await vcenter.properties(ref, ["config.hardware.device"]);
  const devices = all(hardware?.properties["config.hardware.device"], "VirtualDevice");
  const card = devices.find((device) =>
    /^Virtual(?:E1000e?|Vmxnet\d?|PCNet32|SriovEthernetCard)/.test(text(device, "$type") ?? ""),
  );
  if (card === undefined)
    throw new InputError(`the template ${name} has no network card: leave out \`network\` of the secret \`vsphere\``);
  return card;
}
