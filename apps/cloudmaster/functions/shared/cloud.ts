/** What is the same on every cloud: births that leave nothing behind, and machines that are found and deleted by id. */
import { InputError } from "./context.ts";
import type { Birth, Journal } from "./journal.ts";
import type { Machine } from "./machine.ts";
import { UnreachableError } from "./rest.ts";

/** A machine with the ids of everything that goes with it, in the order of their making; the last is its own. */
export interface Found {
  readonly machine: Machine;
  readonly resources: readonly string[];
  /** False for what a create left half-made: the next create goes on with it. */
  readonly complete: boolean;
}

/** Notes a resource in the journal; resolves when that is on record. */
export type Note = (resource: string) => Promise<void>;

/** One account of one cloud. Every method waits until the cloud has done what was asked. */
export interface Cloud {
  /** The machines that Cloudmaster made, by name; those that are gone for good are left out. */
  list(): Promise<Machine[]>;
  /** Those of that name. `noted` holds ids from the journal: they are asked for directly, as a list may lag. */
  find(name: string, noted: readonly string[]): Promise<Found[]>;
  /**
   * Makes the machine, or goes on where an earlier try ended; tells each resource to `note` before it uses it.
   * @throws GoneError when the cloud says that this birth's machine was there and is gone.
   */
  create(name: string, birth: Birth, note: Note): Promise<Machine>;
  /** Deletes a resource by its id; one that is not there is deleted already. */
  remove(resource: string): Promise<void>;
  start(found: Found): Promise<Machine>;
  stop(found: Found): Promise<Machine>;
  /** Ends the session, where the cloud has such a thing. */
  close?(): Promise<void>;
}

/** The birth is used up: its machine is gone, and the cloud still remembers the birth's mark. */
export class GoneError extends Error {
  override name = "GoneError";
}

const MAX_BIRTHS = 3;

/** Makes a machine, or finds the one of that name. A create that the cloud refuses half-way is undone by id. */
export async function createMachine(cloud: Cloud, journal: Journal, name: string): Promise<Machine> {
  for (let birthNumber = 1; ; birthNumber++) {
    const birth = await journal.open(name);
    const known = (await cloud.find(name, birth.resources)).find(({ complete }) => complete);
    if (known !== undefined) return { ...known.machine, existing: true };
    try {
      return await cloud.create(name, birth, (resource) => journal.note(name, birth.token, resource));
    } catch (error) {
      if (!(error instanceof GoneError)) throw await undone(cloud, journal, name, error);
      await journal.close(name, birth.token);
      if (birthNumber >= MAX_BIRTHS) throw error;
    }
  }
}

/** Ends every machine of that name, with all that was noted for it. @throws InputError when there is nothing. */
export async function deleteMachine(cloud: Cloud, journal: Journal, name: string, where: string): Promise<Machine[]> {
  const birth = await journal.find(name);
  const found = await cloud.find(name, birth?.resources ?? []);
  const resources = new Set([...(birth?.resources ?? []), ...found.flatMap((one) => one.resources)]);
  if (resources.size === 0) {
    if (birth !== undefined) await journal.close(name, birth.token);
    throw new InputError(`there is no machine called ${name} on ${where}`);
  }
  await removeAll(cloud, [...resources]);
  if (birth !== undefined) await journal.close(name, birth.token);
  if (found.length === 0) return [gone(name, [...resources].at(-1) ?? "")];
  return found.map(({ machine }) => gone(name, machine.id));
}

/** The machines of that name. @throws InputError when there is none. */
export async function findMachines(cloud: Cloud, journal: Journal, name: string, where: string): Promise<Found[]> {
  const found = await cloud.find(name, (await journal.find(name))?.resources ?? []);
  if (found.length === 0) throw new InputError(`there is no machine called ${name} on ${where}`);
  return found;
}

function gone(name: string, id: string): Machine {
  return { id, name, status: "deleted", state: "deleted", ip: null };
}

/** The error of a failed create, with what became of the resources that were made before it. */
async function undone(cloud: Cloud, journal: Journal, name: string, error: unknown): Promise<unknown> {
  if (error instanceof UnreachableError) return error;
  const birth = await journal.find(name);
  if (birth === undefined) return error;
  try {
    await removeAll(cloud, birth.resources);
    await journal.close(name, birth.token);
    return error;
  } catch (second) {
    const message = `${messageOf(error)}; and what was made before could not be deleted (${messageOf(second)}): ask delete ${name} later`;
    return new Error(message, { cause: error });
  }
}

/** Later ones hold on to earlier ones: a machine to its network card. */
async function removeAll(cloud: Cloud, resources: readonly string[]): Promise<void> {
  for (const resource of [...resources].reverse()) await cloud.remove(resource);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
