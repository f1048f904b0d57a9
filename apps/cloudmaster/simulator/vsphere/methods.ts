/** The methods of the vSphere API that are here, as a table: a call's elements in, its answer as XML out. */
import type { Parsed, XmlObject, XmlValue } from "../../../../packages/xml/xml.ts";
import { all, at, MoRef, ref, text } from "../../../../packages/xml/xml.ts";
import type { Told } from "./history.ts";
import type { VsphereInventory, VsphereMachine } from "./inventory.ts";
import { VsphereFault } from "./inventory.ts";
import { FOLDER_PATH, PLACES } from "./places.ts";

export interface VsphereCall {
  readonly inventory: VsphereInventory;
  /** The call's elements, `_this` among them. */
  readonly body: Parsed;
  readonly target: MoRef;
}

const MANAGERS = {
  propertyCollector: "PropertyCollector",
  viewManager: "ViewManager",
  searchIndex: "SearchIndex",
  sessionManager: "SessionManager",
  customFieldsManager: "CustomFieldsManager",
  eventManager: "EventManager",
} as const;
const ROOT = new MoRef("Folder", "group-d1");
const EVENT_DESCRIPTION: XmlObject = {
  $type: "EventDescription",
  eventInfo: ["VmBeingDeployedEvent", "VmDeployedEvent"].map((key) => ({ key, category: "info" })),
};
const SINGLE_VIEW = /^view-(\w+)$/;

/** Name of the method to its return value. */
export const METHODS: Readonly<Record<string, (call: VsphereCall) => XmlValue>> = {
  RetrieveServiceContent: ({ inventory }) => ({
    rootFolder: ROOT,
    ...Object.fromEntries(Object.entries(MANAGERS).map(([name, type]) => [name, new MoRef(type, type)])),
    about: { name: "vCenter stand-in", apiVersion: "8.0.2.0", instanceUuid: inventory.history.instance },
  }),
  CurrentTime: ({ inventory }) => new Date(inventory.now()).toISOString(),
  Logout: () => undefined,
  FindByInventoryPath: findByPath,
  CreateContainerView: ({ body }) => new MoRef("ContainerView", `view-${text(body, "type")}`),
  DestroyView: () => undefined,
  RetrievePropertiesEx: retrieve,
  CloneVM_Task: cloneMachine,
  ReconfigVM_Task: ({ inventory, body, target }) =>
    task(inventory.reconfigure(target.value, optionsOf(all(body, "spec", "extraConfig")))),
  PowerOnVM_Task: ({ inventory, target }) => task(inventory.power(target.value, true)),
  PowerOffVM_Task: ({ inventory, target }) => task(inventory.power(target.value, false)),
  Destroy_Task: ({ inventory, target }) => task(inventory.destroy(target.value)),
  AddCustomFieldDef: ({ inventory, body }) =>
    field(inventory.fieldKey(text(body, "name") ?? ""), text(body, "name") ?? ""),
  SetField: setField,
  CreateCollectorForEvents: ({ inventory, body }) =>
    new MoRef(
      "EventHistoryCollector",
      inventory.history.collect(Date.parse(text(body, "filter", "time", "beginTime") ?? "")),
    ),
  RewindCollector: () => undefined,
  ReadNextEvents: ({ inventory, body, target }) =>
    inventory.history.read(target.value, Number(text(body, "maxCount"))).map(showEvent),
};

/** As a vCenter tells a machine that is made from a template. */
function showEvent({ key, at: when, className, machine, message }: Told): XmlObject {
  return {
    $type: className,
    key,
    createdTime: new Date(when).toISOString(),
    vm: { name: machine.name, vm: new MoRef("VirtualMachine", machine.id) },
    fullFormattedMessage: message,
    srcTemplate: { name: machine.template.name, vm: new MoRef("VirtualMachine", machine.template.id) },
  };
}

function findByPath({ inventory, body }: VsphereCall): XmlValue {
  const path = text(body, "inventoryPath") ?? "";
  if (path === FOLDER_PATH) return new MoRef("Folder", PLACES.folder.id);
  const machine = inventory.machines().find(({ name, template }) => !template && `${FOLDER_PATH}/${name}` === path);
  return machine === undefined ? undefined : new MoRef("VirtualMachine", machine.id);
}

function cloneMachine({ inventory, body }: VsphereCall): XmlValue {
  const settings = optionsOf(all(body, "spec", "config", "extraConfig"));
  return task(inventory.clone(text(body, "name") ?? "", text(body, "spec", "powerOn") === "true", settings));
}

function optionsOf(options: readonly Parsed[]): Record<string, string> {
  return Object.fromEntries(options.map((option) => [text(option, "key") ?? "", text(option, "value") ?? ""]));
}

function setField({ inventory, body }: VsphereCall): XmlValue {
  const machine = inventory.find(ref(body, "entity")?.value ?? "");
  machine.attributes.set(text(body, "key") ?? "", text(body, "value") ?? "");
  return undefined;
}

function task(id: string): MoRef {
  return new MoRef("Task", id);
}

function field(key: string, name: string): XmlObject {
  return { key, name, type: "string", managedObjectType: "VirtualMachine" };
}

/** One object, or all that a container view shows. */
function retrieve({ inventory, body }: VsphereCall): XmlValue {
  const wanted = all(body, "specSet", "propSet", "pathSet").filter((path) => typeof path === "string");
  const start = ref(body, "specSet", "objectSet", "obj");
  const viewed = SINGLE_VIEW.exec(start?.value ?? "")?.[1];
  const objects = viewed === undefined ? [one(inventory, start)] : shown(inventory, viewed);
  return {
    objects: objects.map(({ ref: obj, properties }) => ({
      obj,
      propSet: wanted.flatMap((name) => {
        const val = properties[name];
        return val === undefined ? [] : [{ name, val }];
      }),
    })),
  };
}

interface Shown {
  readonly ref: MoRef;
  readonly properties: Readonly<Record<string, XmlValue>>;
}

function shown(inventory: VsphereInventory, type: string): Shown[] {
  switch (type) {
    case "Datacenter":
      return [place(type, PLACES.datacenter)];
    case "ResourcePool":
      return [place(type, PLACES.pool)];
    case "Folder":
      return [place(type, PLACES.folder)];
    case "VirtualMachine":
      return inventory.machines().map((machine) => showMachine(inventory, machine));
    default:
      return [];
  }
}

function one(inventory: VsphereInventory, target: MoRef | undefined): Shown {
  const id = target?.value ?? "";
  if (target?.type === "Task") return { ref: target, properties: { info: showTask(inventory, id) } };
  if (target?.type === "CustomFieldsManager") {
    const defined = inventory.fields().map(({ key, name }) => field(key, name));
    return { ref: target, properties: { field: { $type: "ArrayOfCustomFieldDef", CustomFieldDef: defined } } };
  }
  if (target?.type === "EventManager") return { ref: target, properties: { description: EVENT_DESCRIPTION } };
  const known = [place("Datacenter", PLACES.datacenter), place("Folder", PLACES.folder)];
  return known.find(({ ref }) => ref.value === id) ?? showMachine(inventory, inventory.find(id));
}

function place(type: string, { id, name }: { readonly id: string; readonly name: string }): Shown {
  return { ref: new MoRef(type, id), properties: { name: string(name), parent: ROOT } };
}

function showMachine(inventory: VsphereInventory, machine: VsphereMachine): Shown {
  const { id, name, on, address, template, settings, attributes } = machine;
  const born = machine.readyAt <= inventory.now();
  const running = on && born;
  const options = [...settings].map(([key, value]) => ({ $type: "OptionValue", key, value: string(value) }));
  const values = [...attributes].map(([key, value]) => ({ $type: "CustomFieldStringValue", key, value }));
  return {
    ref: new MoRef("VirtualMachine", id),
    properties: {
      name: string(name),
      "runtime.powerState": running ? "poweredOn" : "poweredOff",
      "guest.ipAddress": running && address !== undefined ? string(address) : undefined,
      "guest.toolsRunningStatus": string(running ? "guestToolsRunning" : "guestToolsNotRunning"),
      // While a clone is under way its machine has a name and no `config`.
      ...(born && {
        "config.template": template,
        "config.guestFullName": string("Ubuntu Linux (64-bit)"),
        "config.createDate": "2026-11-01T00:00:00Z",
        "config.extraConfig": { $type: "ArrayOfOptionValue", OptionValue: options },
      }),
      customValue: { $type: "ArrayOfCustomFieldValue", CustomFieldValue: values },
    },
  };
}

function showTask(inventory: VsphereInventory, id: string): XmlObject {
  const known = inventory.task(id);
  if (known === undefined) throw new VsphereFault("ManagedObjectNotFound", `The object '${id}' has been deleted.`);
  const { doneAt, fault, result } = known;
  if (doneAt > inventory.now()) return { $type: "TaskInfo", key: id, state: "running" };
  if (fault === undefined)
    return { $type: "TaskInfo", key: id, state: "success", result: result && new MoRef("VirtualMachine", result) };
  const error = { fault: { $type: fault.type }, localizedMessage: fault.message };
  return { $type: "TaskInfo", key: id, state: "error", error };
}

function string(value: string): XmlObject {
  return { $type: "xsd:string", $text: value };
}

/** The credentials of a Login. */
export function credentials(body: Parsed): readonly [user: string | undefined, password: string | undefined] {
  return [text(body, "userName"), text(at(body, "password") === undefined ? undefined : body, "password")];
}
