/** The machines of one pretended AWS account, in memory. Their states follow from the clock: nothing has to tick. */
import { randomBytes, randomInt } from "node:crypto";
import { Ec2Error } from "./errors.ts";
import type { Tag } from "./parameters.ts";

export type StateName = "pending" | "running" | "stopped" | "shutting-down" | "terminated";

/** EC2's numbers for the states. */
export const STATE_CODES: Readonly<Record<StateName, number>> = {
  pending: 0,
  running: 16,
  "shutting-down": 32,
  stopped: 80,
  terminated: 48,
};

export interface Launch {
  readonly imageId: string;
  readonly instanceType: string;
  readonly count: number;
  readonly subnetId: string;
  readonly tags: readonly Tag[];
  readonly clientToken: string | undefined;
}

export interface Machine {
  readonly id: string;
  readonly reservationId: string;
  readonly imageId: string;
  readonly instanceType: string;
  readonly subnetId: string;
  readonly clientToken: string | undefined;
  /** Milliseconds since 1970. */
  readonly launchedAt: number;
  readonly tags: Map<string, string>;
  /** In the account's network. */
  readonly address: string;
  stopped: boolean;
  terminatedAt?: number;
}

export interface AccountOptions {
  /** How long a machine stays `pending`, and later `shutting-down`; milliseconds. */
  readonly transitionMs: number;
  readonly maxMachines: number;
  /** How long lists go on without what is new; milliseconds. */
  readonly listLagMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Account {
  /** Starts machines; equal requests with one client token start them once. @throws Ec2Error */
  launch(request: Launch): Machine[];
  /** All of them, also those that are gone, oldest first. */
  machines(): Machine[];
  /** Those that a list shows by now. */
  listed(): Machine[];
  /** @throws Ec2Error InvalidInstanceID.NotFound */
  find(id: string): Machine;
  terminate(machine: Machine): void;
  state(machine: Machine): StateName;
}

export function createAccount(options: AccountOptions): Account {
  const machines = new Map<string, Machine>();
  const launches = new Map<string, { readonly request: string; readonly machines: Machine[] }>();

  function launch(request: Launch): Machine[] {
    const { clientToken } = request;
    const earlier = clientToken === undefined ? undefined : launches.get(clientToken);
    if (earlier !== undefined) return replay(earlier, request);
    checkLimit(request.count);
    const started = startMachines(request, options.now());
    for (const machine of started) machines.set(machine.id, machine);
    if (clientToken !== undefined) launches.set(clientToken, { request: JSON.stringify(request), machines: started });
    return started;
  }

  function checkLimit(count: number): void {
    const living = [...machines.values()].filter((machine) => state(machine) !== "terminated").length;
    if (living + count <= options.maxMachines) return;
    const message = `You have requested more instances (${living + count}) than your current instance limit of ${options.maxMachines} allows.`;
    throw new Ec2Error(400, "InstanceLimitExceeded", message);
  }

  function find(id: string): Machine {
    const machine = machines.get(id);
    if (machine !== undefined) return machine;
    throw new Ec2Error(400, "InvalidInstanceID.NotFound", `The instance ID '${id}' does not exist`);
  }

  function terminate(machine: Machine): void {
    machine.terminatedAt ??= options.now();
  }

  function state(machine: Machine): StateName {
    const { launchedAt, terminatedAt } = machine;
    const past = (since: number) => options.now() - since >= options.transitionMs;
    if (terminatedAt !== undefined) return past(terminatedAt) ? "terminated" : "shutting-down";
    if (!past(launchedAt)) return "pending";
    return machine.stopped ? "stopped" : "running";
  }

  const all = () => [...machines.values()];
  const listed = () => all().filter(({ launchedAt }) => options.now() - launchedAt >= options.listLagMs);
  return { launch, machines: all, listed, find, terminate, state };
}

function replay(earlier: { readonly request: string; readonly machines: Machine[] }, request: Launch): Machine[] {
  if (earlier.request === JSON.stringify(request)) return earlier.machines;
  const message = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).";
  throw new Ec2Error(400, "IdempotentParameterMismatch", message);
}

function startMachines(request: Launch, launchedAt: number): Machine[] {
  const { imageId, instanceType, subnetId, clientToken } = request;
  const reservationId = newId("r");
  return Array.from({ length: request.count }, () => {
    const tags = new Map(request.tags.map(({ key, value }) => [key, value]));
    const address = `172.31.${randomInt(0, 255)}.${randomInt(4, 255)}`;
    const facts = { reservationId, imageId, instanceType, subnetId, clientToken, launchedAt, tags, address };
    return { id: newId("i"), ...facts, stopped: false };
  });
}

function newId(prefix: string): string {
  return `${prefix}-0${randomBytes(8).toString("hex")}`;
}
