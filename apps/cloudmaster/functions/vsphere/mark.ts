/** How a machine of Cloudmaster's is known: by a setting that its clone is born with, and by a custom attribute. */
import type { Inventory, Vsphere } from "../../../../packages/vsphere/client.ts";
import { SoapFault } from "../../../../packages/vsphere/soap.ts";
import type { MoRef, Parsed, XmlObject } from "../../../../packages/xml/xml.ts";
import { all, at, text } from "../../../../packages/xml/xml.ts";

const ATTRIBUTE = "managedby";
const MARK = "cloudmaster";
const SETTING = "cloudmaster.managedby";

/** The setting, as a clone's specification takes it. */
export const BIRTH_MARK: XmlObject = { key: SETTING, value: { $type: "xsd:string", $text: MARK } };

/** Reads the property `config.extraConfig`. */
export function hasBirthMark({ properties }: Inventory): boolean {
  return all(properties["config.extraConfig"], "OptionValue").some(
    (option) => text(option, "key") === SETTING && text(option, "value") === MARK,
  );
}

/** Reads the properties `customValue` and `config.template`. */
export function isMarked({ properties }: Inventory): boolean {
  const values = all(properties.customValue, "CustomFieldValue");
  return text(properties["config.template"]) !== "true" && values.some((value) => text(value, "value") === MARK);
}

/** Sets the custom attribute `managedby`, which is made when it is not there. @throws SoapFault */
export async function markMachine(vcenter: Vsphere, machine: MoRef): Promise<void> {
  const key = (await attributeKey(vcenter)) ?? (await addAttribute(vcenter));
  await vcenter.call("SetField", vcenter.manager("customFieldsManager"), { entity: machine, key, value: MARK });
}

async function attributeKey(vcenter: Vsphere): Promise<string | undefined> {
  const fields = await vcenter.properties(vcenter.manager("customFieldsManager"), ["field"]);
  const known = all(fields?.properties.field, "CustomFieldDef");
  return keyOf(known.find((field) => text(field, "name") === ATTRIBUTE));
}

async function addAttribute(vcenter: Vsphere): Promise<string> {
  const fields = vcenter.manager("customFieldsManager");
  try {
    const made = await vcenter.call("AddCustomFieldDef", fields, { name: ATTRIBUTE, moType: "VirtualMachine" });
    return keyOf(made) ?? "";
  } catch (error) {
    const twin =
      error instanceof SoapFault && error.fault === "DuplicateName" ? await attributeKey(vcenter) : undefined;
    if (twin === undefined) throw error;
    return twin;
  }
}

function keyOf(field: Parsed | undefined): string | undefined {
  return at(field, "key") === undefined ? undefined : text(field, "key");
}
