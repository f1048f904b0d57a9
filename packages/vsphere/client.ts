/** What one asks a vCenter for: a session, properties of many objects in one call, and tasks that are waited for. */
import { setTimeout as delay } from "node:timers/promises";
import type { Parsed, XmlObject } from "../xml/xml.ts";
import { all, at, MoRef, ref, text } from "../xml/xml.ts";
import type { Endpoint, Soap } from "./soap.ts";
import { ConnectionError, openSoap, SoapFault } from "./soap.ts";

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** An object with those of the asked properties that it has; keys are property paths such as `runtime.powerState`. */
export interface Inventory {
  readonly ref: MoRef;
  readonly properties: Readonly<Record<string, Parsed>>;
}

export interface Vsphere {
  /** The managers of the server, by the names that ServiceContent has (`searchIndex`, `eventManager` ...). */
  manager(name: string): MoRef;
  readonly rootFolder: MoRef;
  call(method: string, target: MoRef, parameters?: XmlObject, timeoutMs?: number): Promise<Parsed | undefined>;
  /** All objects of a type below a folder, a datacenter or the root, with their properties; page by page. */
  below(container: MoRef, type: string, paths: readonly string[]): Promise<Inventory[]>;
  /** One object's properties; undefined when it is gone. */
  properties(target: MoRef, paths: readonly string[]): Promise<Inventory | undefined>;
  /** Starts a task (`CloneVM_Task` ...) and waits for its end; resolves with its result. @throws SoapFault when it failed. */
  task(method: string, target: MoRef, parameters?: XmlObject): Promise<Parsed | undefined>;
  close(): Promise<void>;
}

const TASK_TIMEOUT_MS = 30 * 60_000;
const FIRST_POLL_MS = 100;
const LAST_POLL_MS = 2_000;

/** Opens a session. @throws SoapFault `InvalidLogin`, ConnectionError */
export async function connectVsphere(endpoint: Endpoint, { username, password }: Credentials): Promise<Vsphere> {
  const soap = openSoap(endpoint);
  try {
    const content = await soap.call("RetrieveServiceContent", new MoRef("ServiceInstance", "ServiceInstance"));
    const manager = (name: string) => ref(content, name) ?? missing(name);
    await soap.call("Login", manager("sessionManager"), { userName: username, password });
    return session(soap, manager);
  } catch (error) {
    soap.close();
    throw error;
  }
}

function missing(name: string): never {
  throw new ConnectionError(`the server has no ${name}: is it a vCenter?`);
}

function session(soap: Soap, manager: (name: string) => MoRef): Vsphere {
  const collector = manager("propertyCollector");

  async function below(container: MoRef, type: string, paths: readonly string[]): Promise<Inventory[]> {
    const view = await soap.call("CreateContainerView", manager("viewManager"), { container, type, recursive: true });
    if (!(view instanceof MoRef)) throw new ConnectionError("the vCenter made no view");
    try {
      const walk = { $type: "TraversalSpec", name: "view", type: "ContainerView", path: "view", skip: false };
      return await retrieve(type, paths, { obj: view, skip: true, selectSet: walk });
    } finally {
      await soap.call("DestroyView", view).catch(() => undefined);
    }
  }

  async function properties(target: MoRef, paths: readonly string[]): Promise<Inventory | undefined> {
    try {
      const [found] = await retrieve(target.type, paths, { obj: target, skip: false });
      return found;
    } catch (error) {
      if (error instanceof SoapFault && error.fault === "ManagedObjectNotFound") return undefined;
      throw error;
    }
  }

  async function retrieve(type: string, paths: readonly string[], objectSet: XmlObject): Promise<Inventory[]> {
    const specSet = { propSet: { type, all: false, pathSet: paths }, objectSet };
    let page = await soap.call("RetrievePropertiesEx", collector, { specSet, options: {} });
    const found = all(page, "objects").flatMap(toInventory);
    for (let token = text(page, "token"); token !== undefined; token = text(page, "token")) {
      page = await soap.call("ContinueRetrievePropertiesEx", collector, { token });
      found.push(...all(page, "objects").flatMap(toInventory));
    }
    return found;
  }

  async function task(method: string, target: MoRef, parameters?: XmlObject): Promise<Parsed | undefined> {
    const started = await soap.call(method, target, parameters);
    if (!(started instanceof MoRef)) throw new ConnectionError(`the vCenter started no task for ${method}`);
    const deadline = Date.now() + TASK_TIMEOUT_MS;
    for (let wait = FIRST_POLL_MS; Date.now() < deadline; wait = Math.min(wait * 1.5, LAST_POLL_MS)) {
      const info = (await properties(started, ["info"]))?.properties.info;
      const state = text(info, "state");
      if (state === "success") return at(info, "result");
      if (state === "error") throw taskFault(info);
      await delay(wait);
    }
    throw new ConnectionError(`the vCenter did not finish ${method} within 30 minutes`);
  }

  return {
    manager,
    rootFolder: manager("rootFolder"),
    call: soap.call,
    below,
    properties,
    task,
    close: async () => {
      await soap.call("Logout", manager("sessionManager"), {}, 5_000).catch(() => undefined);
      soap.close();
    },
  };
}

function toInventory(object: Parsed): Inventory[] {
  const reference = ref(object, "obj");
  if (reference === undefined) return [];
  const properties = all(object, "propSet").flatMap((property): [string, Parsed][] => {
    const [name, value] = [text(property, "name"), at(property, "val")];
    return name === undefined || value === undefined ? [] : [[name, value]];
  });
  return [{ ref: reference, properties: Object.fromEntries(properties) }];
}

function taskFault(info: Parsed | undefined): SoapFault {
  const fault = text(info, "error", "fault", "$type") ?? "TaskFault";
  return new SoapFault(fault, text(info, "error", "localizedMessage") || fault, at(info, "error", "fault"));
}
