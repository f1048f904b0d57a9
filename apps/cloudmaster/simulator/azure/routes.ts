/** The operations of Azure Resource Manager that are here, as a table: method and path to what they do. */
import { ArmError } from "./errors.ts";
import type { Body, Resource, Subscription } from "./subscription.ts";
import { ACCOUNT, diskOf, NETWORK_ID } from "./subscription.ts";

export interface ArmRequest {
  readonly subscription: Subscription;
  readonly method: string;
  readonly url: URL;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

type Route = readonly [method: string, path: RegExp, answer: (request: ArmRequest, id: string, rest: string) => Answer];

const GROUP = `/subscriptions/[^/]+/resourceGroups/[^/]+/providers`;
const EVERYWHERE = `/subscriptions/[^/]+/providers`;
const path = (pattern: string) => new RegExp(`^(${pattern})$`, "i");

const ROUTES: readonly Route[] = [
  [
    "GET",
    path(`${EVERYWHERE}/Microsoft.Network/virtualNetworks`),
    () => values([{ id: NETWORK_ID, name: ACCOUNT.virtualNetwork, location: ACCOUNT.location }]),
  ],
  ["GET", path(`${EVERYWHERE}/Microsoft.Compute/skus`), () => values(SKUS)],
  [
    "GET",
    path(`${EVERYWHERE}/Microsoft.Compute/locations/[^/]+/publishers/Canonical/artifacttypes/vmimage/offers`),
    () => ({ status: 200, body: OFFERS.map((name) => ({ name, location: ACCOUNT.location })) }),
  ],
  ["GET", path(`${EVERYWHERE}/Microsoft.Compute/locations/[^/]+/operations/[^/]+`), showOperation],
  ["GET", path(`${EVERYWHERE}/Microsoft.Compute/virtualMachines`), listMachines],
  ["GET", path(`${GROUP}/Microsoft.Compute/virtualMachines`), listMachines],
  [
    "GET",
    path(`${GROUP}/Microsoft.Network/networkInterfaces`),
    ({ subscription }) => values(subscription.list("/networkInterfaces/").map((card) => showCard(subscription, card))),
  ],
  ["PUT", path(`${GROUP}/Microsoft.Network/networkInterfaces/[^/]+`), putCard],
  [
    "GET",
    path(`${GROUP}/Microsoft.Network/networkInterfaces/[^/]+`),
    ({ subscription }, id) => found(subscription, id, showCard),
  ],
  ["DELETE", path(`${GROUP}/Microsoft.(?:Network/networkInterfaces|Compute/disks)/[^/]+`), deletePart],
  [
    "GET",
    path(`${GROUP}/Microsoft.Compute/disks/[^/]+`),
    ({ subscription }, id) => found(subscription, id, (_all, { body }) => ({ id, ...body })),
  ],
  ["PUT", path(`${GROUP}/Microsoft.Compute/virtualMachines/[^/]+`), putMachine],
  [
    "GET",
    path(`${GROUP}/Microsoft.Compute/virtualMachines/[^/]+`),
    ({ subscription }, id) => found(subscription, id, showMachine),
  ],
  ["DELETE", path(`${GROUP}/Microsoft.Compute/virtualMachines/[^/]+`), deleteMachine],
  ["POST", new RegExp(`^(${GROUP}/Microsoft.Compute/virtualMachines/[^/]+)/(start|deallocate)$`, "i"), switchMachine],
];

/** @throws ArmError in Azure's own words. */
export function answerArm(request: ArmRequest): Answer {
  const { method, url } = request;
  if (!/^\d{4}-\d{2}-\d{2}(-preview)?$/.test(url.searchParams.get("api-version") ?? ""))
    throw new ArmError(
      400,
      "MissingApiVersionParameter",
      "The api-version query parameter (?api-version=) is required.",
    );
  const named = /^\/subscriptions\/([^/]+)(?:\/resourceGroups\/([^/]+))?/i.exec(url.pathname);
  if (named?.[1] !== ACCOUNT.subscription)
    throw new ArmError(404, "SubscriptionNotFound", `The subscription '${named?.[1]}' could not be found.`);
  if (named[2] !== undefined && named[2].toLowerCase() !== ACCOUNT.resourceGroup)
    throw new ArmError(404, "ResourceGroupNotFound", `Resource group '${named[2]}' could not be found.`);
  for (const [verb, pattern, answer] of ROUTES) {
    const match = verb === method ? pattern.exec(decodeURIComponent(url.pathname)) : null;
    if (match !== null) return answer(request, match[1] ?? "", match[2] ?? "");
  }
  throw new ArmError(404, "InvalidResourceType", `The resource type could not be found: ${method} ${url.pathname}`);
}

function values(value: readonly unknown[]): Answer {
  return { status: 200, body: { value } };
}

function found(
  subscription: Subscription,
  id: string,
  show: (subscription: Subscription, resource: Resource) => unknown,
): Answer {
  const resource = subscription.get(id);
  if (resource !== undefined) return { status: 200, body: show(subscription, resource) };
  const name = id.split("/").slice(-2).join("/");
  throw new ArmError(404, "ResourceNotFound", `The Resource 'Microsoft/${name}' was not found.`);
}

/** The answer to an accepted change: where its operation can be looked at. */
function accepted({ url }: ArmRequest, operation: string, status: number, body?: unknown): Answer {
  const base = `${url.origin}/subscriptions/${ACCOUNT.subscription}/providers/Microsoft.Compute/locations/${ACCOUNT.location}`;
  const address = `${base}/operations/${operation}?api-version=2024-07-01`;
  return { status, body, headers: { "Azure-AsyncOperation": address, Location: address, "Retry-After": "0" } };
}

function showOperation({ subscription }: ArmRequest, id: string): Answer {
  const name = id.split("/").at(-1) ?? "";
  const operation = subscription.operation(name);
  if (operation === undefined) throw new ArmError(404, "NotFound", `The operation ${name} does not exist.`);
  if (operation.doneAt > Date.now())
    return { status: 200, body: { name, status: "InProgress" }, headers: { "Retry-After": "0" } };
  const { error } = operation;
  if (error === undefined) return { status: 200, body: { name, status: "Succeeded" } };
  return { status: 200, body: { name, status: "Failed", error: { code: error.code, message: error.message } } };
}

function parse({ body }: ArmRequest): Body {
  try {
    return JSON.parse(body.toString()) as Body;
  } catch {
    throw new ArmError(400, "InvalidRequestContent", "The request content was invalid and could not be deserialized.");
  }
}

function putCard(request: ArmRequest, id: string): Answer {
  const { subscription } = request;
  const body = parse(request);
  checkLocation(body);
  const [configuration] = ((body.properties as { ipConfigurations?: readonly Body[] })?.ipConfigurations ??
    []) as Body[];
  const inside = configuration?.properties as { subnet?: { id?: string } } | undefined;
  const subnet = inside?.subnet?.id ?? "";
  if (subnet.toLowerCase() !== `${NETWORK_ID}/subnets/${ACCOUNT.subnet}`.toLowerCase())
    throw new ArmError(404, "NotFound", `The subnet ${subnet} was not found.`);
  const known = subscription.get(id);
  const address = (known?.body.privateIPAddress as string | undefined) ?? subscription.nextAddress();
  const card = subscription.put(id, { ...body, privateIPAddress: address }, 0);
  return { status: known === undefined ? 201 : 200, body: showCard(subscription, card) };
}

function showCard(_subscription: Subscription, { id, body }: Resource): unknown {
  const { privateIPAddress, ...rest } = body;
  const properties = rest.properties as { ipConfigurations: readonly { name: string; properties: Body }[] };
  const ipConfigurations = properties.ipConfigurations.map((one) => ({
    ...one,
    properties: { ...one.properties, privateIPAddress, provisioningState: "Succeeded" },
  }));
  return {
    ...rest,
    id,
    name: nameOf(id),
    properties: { ...properties, ipConfigurations, provisioningState: "Succeeded" },
  };
}

function putMachine(request: ArmRequest, id: string): Answer {
  const { subscription } = request;
  const body = parse(request);
  checkLocation(body);
  const known = subscription.get(id) !== undefined;
  const { resource, operation } = subscription.putMachine(id, body);
  return accepted(request, operation, known ? 200 : 201, showMachine(subscription, resource));
}

function deleteMachine(request: ArmRequest, id: string): Answer {
  const operation = request.subscription.removeMachine(id);
  return operation === undefined ? { status: 204 } : accepted(request, operation, 202);
}

function deletePart({ subscription }: ArmRequest, id: string): Answer {
  return { status: subscription.remove(id) ? 200 : 204 };
}

function switchMachine(request: ArmRequest, id: string, action: string): Answer {
  const { subscription } = request;
  const machine = subscription.get(id);
  if (machine === undefined) return found(subscription, id, showMachine);
  subscription.setStopped(machine, action.toLowerCase() === "deallocate");
  return accepted(request, subscription.begin(Date.now()), 202);
}

function listMachines({ subscription, url }: ArmRequest): Answer {
  const machines = subscription.list("/virtualMachines/");
  if (url.searchParams.get("statusOnly") !== "true")
    return values(machines.map((one) => showMachine(subscription, one)));
  return values(
    machines.map((one) => ({
      id: one.id,
      name: nameOf(one.id),
      properties: { instanceView: instanceView(subscription, one) },
    })),
  );
}

function showMachine(subscription: Subscription, resource: Resource): unknown {
  const { id, body } = resource;
  const properties = body.properties as { storageProfile?: { osDisk?: Body }; osProfile?: Body };
  const osDisk = { ...properties.storageProfile?.osDisk, managedDisk: { id: diskOf(id, body) } };
  const { adminPassword: _hidden, ...osProfile } = properties.osProfile ?? {};
  return {
    ...body,
    id,
    name: nameOf(id),
    type: "Microsoft.Compute/virtualMachines",
    properties: {
      ...properties,
      osProfile,
      storageProfile: { ...properties.storageProfile, osDisk },
      provisioningState: subscription.provisioning(resource),
      instanceView: instanceView(subscription, resource),
    },
  };
}

function instanceView(subscription: Subscription, resource: Resource): unknown {
  const state = subscription.provisioning(resource);
  const power = resource.stopped ? "deallocated" : "running";
  const statuses = [{ code: `ProvisioningState/${state.toLowerCase()}` }];
  return { statuses: state === "Succeeded" ? [...statuses, { code: `PowerState/${power}` }] : statuses };
}

function checkLocation({ location }: Body): void {
  if (location !== ACCOUNT.location)
    throw new ArmError(
      400,
      "LocationNotAvailableForResourceType",
      `The provided location '${String(location)}' is not available.`,
    );
}

function nameOf(id: string): string {
  return id.split("/").at(-1) ?? "";
}

const OFFERS = ["0001-com-ubuntu-server-jammy", "ubuntu-22_04-lts", "ubuntu-24_04-lts", "ubuntu-24_10", "ubuntu-25_04"];

const SKUS = [
  sku("Standard_NC6", 6, 56),
  sku("Standard_B2s", 2, 4),
  sku("Standard_B1ls", 1, 0.5),
  sku("Standard_B1s", 1, 1),
  { ...sku("Standard_B1ms", 1, 1), restrictions: [{ type: "Location", reasonCode: "NotAvailableForSubscription" }] },
  sku("Standard_B2pts_v2", 2, 1, "Arm64"),
  { resourceType: "disks", name: "Standard_LRS" },
];

function sku(name: string, cpus: number, memory: number, architecture = "x64") {
  const facts = {
    vCPUs: String(cpus),
    MemoryGB: String(memory),
    HyperVGenerations: "V1,V2",
    CpuArchitectureType: architecture,
  };
  const capabilities = Object.entries(facts).map(([key, value]) => ({ name: key, value }));
  return { resourceType: "virtualMachines", name, locations: [ACCOUNT.location], capabilities, restrictions: [] };
}
