/** State: what applications keep between their runs, such as ids and ledgers, without a database of their own. */

import { DispatchError } from "../shared/errors.ts";
import type { Iam } from "../shared/iam.ts";
import { type Database, DuplicateError } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import type { ApplicationState, StateEntry } from "./contract.ts";
import {
  type ApplicationPage,
  findState,
  insertState,
  listApplications,
  listState,
  type Place,
  removeState,
  replaceState,
  type StateSelection,
  type Written,
} from "./store.ts";

export interface StatePorts {
  readonly database: Database;
  readonly iam: Iam;
}

/** Bytes of a value as JSON. */
const MOST_BYTES = 256 * 1024;
/** Of one application. */
const MOST_KEYS = 10_000;
const PAGE = 1000;

/** An entry whose value is the JSON text that was put. */
export interface StateValue extends StateEntry {
  readonly text: string;
}

export class State {
  readonly #ports: StatePorts;

  constructor(ports: StatePorts) {
    this.#ports = ports;
  }

  /** In the order of their names. */
  async applications(principal: Principal, organization: string, page: ApplicationPage): Promise<ApplicationState[]> {
    this.#authorize(principal, organization, "get");
    return listApplications(this.#ports.database, organization, { ...page, only: principal.application });
  }

  /** In the order of their keys, at most 1,000. */
  async list(
    principal: Principal,
    organization: string,
    application: string,
    selection: Partial<StateSelection>,
  ): Promise<StateEntry[]> {
    this.#authorize(principal, organization, "get", application);
    const found = await listState(this.#ports.database, organization, application, { limit: PAGE, ...selection });
    return found.map(({ key, size, ...written }) => entryOf({ organization, application, key }, written, Number(size)));
  }

  /** @throws NOT_FOUND */
  async get(principal: Principal, place: Place): Promise<StateValue> {
    this.#authorize(principal, place.organization, "get", place.application);
    const row = await findState(this.#ports.database, place);
    if (row === undefined) throw notFound(place);
    return { ...entryOf(place, row, Buffer.byteLength(row.value)), text: row.value };
  }

  /**
   * `text` is the value as JSON. With `version` it is put only while the value is at that one, 0 for none.
   * @throws CHANGED_MEANWHILE, STATE_TOO_LARGE, STATE_FULL
   */
  async put(principal: Principal, place: Place, text: string, version?: number): Promise<StateEntry> {
    this.#authorize(principal, place.organization, "update", place.application);
    const size = Buffer.byteLength(text);
    if (size > MOST_BYTES) throw new DispatchError("STATE_TOO_LARGE", { key: place.key, size, limit: MOST_BYTES });
    const write = { ...place, value: text };
    const written =
      version === undefined
        ? ((await replaceState(this.#ports.database, write)) ?? (await this.#insert(write)))
        : await this.#putAt(write, version);
    return entryOf(place, written, size);
  }

  /** @throws NOT_FOUND, CHANGED_MEANWHILE */
  async delete(principal: Principal, place: Place, version?: number): Promise<void> {
    this.#authorize(principal, place.organization, "delete", place.application);
    if (await removeState(this.#ports.database, place, version)) return;
    if (version === undefined || (await findState(this.#ports.database, place)) === undefined) throw notFound(place);
    throw changed(place);
  }

  async #putAt(write: Place & { value: string }, version: number): Promise<Written> {
    if (version === 0) return this.#insert(write, true);
    const written = await replaceState(this.#ports.database, write, version);
    if (written === undefined) throw changed(write);
    return written;
  }

  /** Whoever does not ask for a new key replaces one that came meanwhile. */
  async #insert(write: Place & { value: string }, mustBeNew = false): Promise<Written> {
    try {
      const written = await insertState(this.#ports.database, write, MOST_KEYS);
      if (written !== undefined) return written;
    } catch (error) {
      if (!(error instanceof DuplicateError)) throw error;
    }
    const replaced = mustBeNew ? undefined : await replaceState(this.#ports.database, write);
    if (replaced !== undefined) return replaced;
    if ((await findState(this.#ports.database, write)) !== undefined) throw changed(write);
    throw new DispatchError("STATE_FULL", { application: write.application, limit: MOST_KEYS });
  }

  /** A run sees what its own application keeps, and nothing else. */
  #authorize(
    principal: Principal,
    organization: string,
    action: "get" | "update" | "delete",
    application?: string,
  ): void {
    this.#ports.iam.authorize(principal, { resource: "state", action, organization });
    const own = principal.application;
    if (own === undefined || application === undefined || own === application) return;
    throw new DispatchError("FORBIDDEN", {
      message: `the run belongs to application ${own} and may not ${action} the state of ${application}`,
    });
  }
}

function entryOf({ application, key }: Place, { version, modified }: Written, size: number): StateEntry {
  return { application, key, version, modifiedTime: Math.floor(modified), size };
}

function notFound({ key }: Place): DispatchError {
  return new DispatchError("NOT_FOUND", { kind: "state", name: key });
}

function changed({ key }: Place): DispatchError {
  return new DispatchError("CHANGED_MEANWHILE", { kind: "state", name: key });
}
