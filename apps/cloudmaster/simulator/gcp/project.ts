/** One pretended project with one zone, in memory. States follow from the clock: nothing has to tick. */
import { randomInt, randomUUID } from "node:crypto";
import { GceError, notFound } from "./errors.ts";

export type Body = { readonly [member: string]: unknown };

export interface Instance {
  readonly id: string;
  readonly name: string;
  readonly body: Body;
  readonly readyAt: number;
  readonly createdAt: number;
  readonly stopped: boolean;
  readonly address: string;
}

export interface Operation {
  readonly name: string;
  readonly type: string;
  readonly target: string;
  readonly doneAt: number;
  readonly error?: { readonly status: number; readonly code: string; readonly message: string };
}

export interface ProjectOptions {
  readonly transitionMs: number;
  /** How long lists go on without what is new; milliseconds. */
  readonly listLagMs: number;
  readonly maxMachines: number;
  readonly now: () => number;
}

export const PROJECT = "chat-ops-123456";
export const ZONE = "us-west1-c";
/** Google remembers request ids for an hour. */
const REMEMBERED_MS = 60 * 60_000;

export function createProject({ transitionMs, listLagMs, maxMachines, now }: ProjectOptions) {
  const instances = new Map<string, Instance>();
  const disks = new Map<string, { readonly id: string }>();
  const operations = new Map<string, Operation>();
  const requests = new Map<string, { readonly operation: Operation; readonly at: number }>();
  const leaving = new Map<string, number>();
  let failing: { readonly code: string; readonly message: string } | undefined;
  let addresses = 1;

  function sweep(): void {
    for (const [name, at] of leaving)
      if (at <= now()) {
        leaving.delete(name);
        instances.delete(name);
        // The boot disk has autoDelete.
        disks.delete(name);
      }
  }

  function once(requestId: string | null, act: () => Operation): Operation {
    const known = requestId === null ? undefined : requests.get(requestId);
    if (known !== undefined && now() - known.at < REMEMBERED_MS) return known.operation;
    const operation = act();
    operations.set(operation.name, operation);
    if (requestId !== null) requests.set(requestId, { operation, at: now() });
    return operation;
  }

  function begin(type: string, target: string, doneAt: number, error?: Operation["error"]): Operation {
    const name = `operation-${now()}-${randomUUID()}`;
    return { name, type, target, doneAt, ...(error === undefined ? {} : { error }) };
  }

  function insert(name: string, body: Body): Operation {
    sweep();
    const resource = `projects/${PROJECT}/zones/${ZONE}/instances/${name}`;
    if (instances.has(name)) throw new GceError(409, "alreadyExists", `The resource '${resource}' already exists`);
    if (disks.has(name))
      throw new GceError(
        409,
        "alreadyExists",
        `The resource 'projects/${PROJECT}/zones/${ZONE}/disks/${name}' already exists`,
      );
    if (instances.size >= maxMachines)
      throw new GceError(403, "quotaExceeded", "Quota 'INSTANCES' exceeded. Limit: 20.0 in region us-west1.");
    const [error, at] = [failing, now()];
    failing = undefined;
    disks.set(name, { id: newId() });
    const doneAt = at + transitionMs;
    // Half-made: the disk is there, the machine is not.
    if (error !== undefined) return begin("insert", resource, doneAt, { status: 503, ...error });
    const address = `203.0.113.${++addresses}`;
    instances.set(name, { id: newId(), name, body, readyAt: doneAt, createdAt: at, stopped: false, address });
    return begin("insert", resource, doneAt);
  }

  function find(name: string): Instance {
    sweep();
    const instance = instances.get(name) ?? [...instances.values()].find(({ id }) => id === name);
    if (instance === undefined) throw notFound(`projects/${PROJECT}/zones/${ZONE}/instances/${name}`);
    return instance;
  }

  function remove(name: string): Operation {
    const instance = find(name);
    const at = now() + transitionMs;
    leaving.set(instance.name, at);
    return begin("delete", instance.name, at);
  }

  function removeDisk(name: string): Operation {
    sweep();
    if (!disks.has(name)) throw notFound(`projects/${PROJECT}/zones/${ZONE}/disks/${name}`);
    if (instances.has(name))
      throw new GceError(
        400,
        "resourceInUseByAnotherResource",
        `The disk resource '${name}' is already being used by '${name}'`,
      );
    disks.delete(name);
    return begin("delete", name, now());
  }

  function setStopped(name: string, stopped: boolean): Operation {
    const instance = find(name);
    instances.set(instance.name, { ...instance, stopped });
    return begin(stopped ? "stop" : "start", instance.name, now());
  }

  return {
    once,
    insert,
    find,
    remove,
    removeDisk,
    setStopped,
    list: () => {
      sweep();
      return [...instances.values()].filter(({ createdAt }) => createdAt <= now() - listLagMs);
    },
    operation: (name: string) => operations.get(name),
    failNext: (code: string, message: string) => {
      failing = { code, message };
    },
    status: ({ stopped, readyAt, name }: Instance) =>
      leaving.has(name) ? "STOPPING" : readyAt > now() ? "STAGING" : stopped ? "TERMINATED" : "RUNNING",
    resources: () => {
      sweep();
      return [
        ...[...instances.keys()].map((name) => `instances/${name}`),
        ...[...disks.keys()].map((name) => `disks/${name}`),
      ];
    },
    now,
  };
}

export type Project = ReturnType<typeof createProject>;

function newId(): string {
  return `${randomInt(1, 9)}${String(randomInt(0, 2 ** 47)).padStart(18, "0")}`;
}
