/** The methods of Compute Engine that are here, as a table: method and path behind `/compute/v1/projects/`. */
import { setTimeout as delay } from "node:timers/promises";
import { GceError, notFound } from "./errors.ts";
import type { Body, Instance, Operation, Project } from "./project.ts";
import { PROJECT, ZONE } from "./project.ts";

export interface GceRequest {
  readonly project: Project;
  readonly method: string;
  readonly url: URL;
  readonly body: Buffer;
}

type Answer = (request: GceRequest, name: string, rest: string) => unknown;
const ZONE_PATH = `${PROJECT}/zones/${ZONE}`;
const MAX_WAIT_MS = 120_000;

const ROUTES: readonly (readonly [method: string, path: RegExp, answer: Answer])[] = [
  ["GET", /^ubuntu-os-cloud\/global\/images$/, () => items("compute#imageList", IMAGES)],
  ["GET", new RegExp(`^${ZONE_PATH}/machineTypes$`), () => items("compute#machineTypeList", MACHINE_TYPES)],
  ["GET", new RegExp(`^${PROJECT}/global/networks$`), () => items("compute#networkList", [{ name: "default" }])],
  ["GET", new RegExp(`^${ZONE_PATH}/instances$`), listInstances],
  ["POST", new RegExp(`^${ZONE_PATH}/instances$`), insertInstance],
  [
    "GET",
    new RegExp(`^${ZONE_PATH}/instances/([^/]+)$`),
    ({ project }, name) => showInstance(project, project.find(name)),
  ],
  [
    "DELETE",
    new RegExp(`^${ZONE_PATH}/instances/([^/]+)$`),
    (request, name) => change(request, () => request.project.remove(name)),
  ],
  [
    "DELETE",
    new RegExp(`^${ZONE_PATH}/disks/([^/]+)$`),
    (request, name) => change(request, () => request.project.removeDisk(name)),
  ],
  [
    "POST",
    new RegExp(`^${ZONE_PATH}/instances/([^/]+)/(start|stop)$`),
    (request, name, action) => change(request, () => request.project.setStopped(name, action === "stop")),
  ],
  [
    "GET",
    new RegExp(`^${ZONE_PATH}/operations/([^/]+)$`),
    ({ project }, name) => showOperation(project, findOperation(project, name)),
  ],
  ["POST", new RegExp(`^${ZONE_PATH}/operations/([^/]+)/wait$`), waitForOperation],
];

/** The body of the answer. @throws GceError in Google's own words. */
export async function answerGce(request: GceRequest): Promise<unknown> {
  const path = decodeURIComponent(request.url.pathname).replace(/^\/compute\/v1\/projects\//, "");
  for (const [method, pattern, answer] of ROUTES) {
    const match = method === request.method ? pattern.exec(path) : null;
    if (match !== null) return answer(request, match[1] ?? "", match[2] ?? "");
  }
  const [project = "", kind, zone] = path.split("/");
  if (project !== PROJECT) throw notFound(`projects/${project}`);
  if (kind === "zones" && zone !== ZONE) throw notFound(`projects/${PROJECT}/zones/${zone}`);
  throw new GceError(404, "notFound", `The requested URL ${request.url.pathname} was not found on this server.`);
}

function items(kind: string, list: readonly unknown[]): unknown {
  return { kind, id: "list", items: list };
}

function listInstances({ project, url }: GceRequest): unknown {
  const [, key, value] = /^labels\.(\w+)\s*=\s*"?(\w+)"?$/.exec(url.searchParams.get("filter") ?? "") ?? [];
  const fits = (instance: Instance) => key === undefined || (instance.body.labels as Body | undefined)?.[key] === value;
  const all = project.list().filter(fits);
  const size = Number(url.searchParams.get("maxResults") ?? 500);
  const start = Number(url.searchParams.get("pageToken") ?? 0);
  const more = start + size < all.length ? { nextPageToken: String(start + size) } : {};
  const page = all.slice(start, start + size).map((instance) => showInstance(project, instance));
  return { kind: "compute#instanceList", id: "list", ...(page.length === 0 ? {} : { items: page }), ...more };
}

function insertInstance(request: GceRequest): unknown {
  const body = parse(request);
  const { name, machineType } = body;
  if (typeof name !== "string" || !/^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(name))
    throw new GceError(400, "invalid", `Invalid value for field 'resource.name': '${String(name)}'.`);
  const type = String(machineType).split("/").at(-1);
  if (!MACHINE_TYPES.some((known) => known.name === type)) throw notFound(`projects/${ZONE_PATH}/machineTypes/${type}`);
  const [card] = body.networkInterfaces as readonly { readonly network?: string }[];
  if (!String(card?.network).endsWith("/global/networks/default")) throw notFound(String(card?.network));
  return change(request, () => request.project.insert(name, body));
}

/** Equal request ids are one request (AIP-155). */
function change({ project, url }: GceRequest, act: () => Operation): unknown {
  return showOperation(project, project.once(url.searchParams.get("requestId"), act));
}

async function waitForOperation({ project }: GceRequest, name: string): Promise<unknown> {
  const operation = findOperation(project, name);
  await delay(Math.min(Math.max(operation.doneAt - project.now(), 0), MAX_WAIT_MS));
  return showOperation(project, operation);
}

function findOperation(project: Project, name: string): Operation {
  const operation = project.operation(name);
  if (operation === undefined) throw notFound(`projects/${ZONE_PATH}/operations/${name}`);
  return operation;
}

function showOperation(project: Project, { name, type, target, doneAt, error }: Operation): unknown {
  const done = doneAt <= project.now();
  const shown = {
    kind: "compute#operation",
    id: "1",
    name,
    operationType: type,
    targetLink: target,
    zone: `projects/${ZONE_PATH}`,
  };
  const failed =
    error === undefined
      ? {}
      : { error: { errors: [{ code: error.code, message: error.message }] }, httpErrorStatusCode: error.status };
  return { ...shown, status: done ? "DONE" : "RUNNING", progress: done ? 100 : 0, ...(done ? failed : {}) };
}

function showInstance(project: Project, instance: Instance): unknown {
  const { id, name, body, address } = instance;
  const cards = (body.networkInterfaces as readonly Body[]).map((card) => ({
    ...card,
    networkIP: "10.138.0.2",
    accessConfigs: [{ kind: "compute#accessConfig", type: "ONE_TO_ONE_NAT", name: "External NAT", natIP: address }],
  }));
  const zone = `https://www.googleapis.com/compute/v1/projects/${ZONE_PATH}`;
  return {
    kind: "compute#instance",
    ...body,
    id,
    name,
    zone,
    status: project.status(instance),
    networkInterfaces: cards,
  };
}

function parse({ body }: GceRequest): Body {
  try {
    return JSON.parse(body.toString()) as Body;
  } catch {
    throw new GceError(400, "parseError", "Parse Error");
  }
}

const IMAGES = [
  {
    name: "ubuntu-2204-jammy-v20261101",
    family: "ubuntu-2204-lts",
    creationTimestamp: "2026-11-01T00:00:00.000-07:00",
  },
  {
    name: "ubuntu-2404-noble-amd64-v20261015",
    family: "ubuntu-2404-lts-amd64",
    creationTimestamp: "2026-10-15T00:00:00.000-07:00",
  },
  {
    name: "ubuntu-2404-noble-amd64-v20261110",
    family: "ubuntu-2404-lts-amd64",
    creationTimestamp: "2026-11-10T00:00:00.000-07:00",
  },
  {
    name: "ubuntu-2504-plucky-amd64-v20261110",
    family: "ubuntu-2504-amd64",
    creationTimestamp: "2026-11-10T00:00:00.000-07:00",
  },
];

const MACHINE_TYPES = [
  { name: "f1-micro", guestCpus: 1, memoryMb: 614 },
  { name: "e2-medium", guestCpus: 2, memoryMb: 4096 },
  { name: "e2-micro", guestCpus: 2, memoryMb: 1024 },
  { name: "a2-highgpu-1g", guestCpus: 12, memoryMb: 87040 },
  { name: "n1-standard-1", guestCpus: 1, memoryMb: 3840 },
];
