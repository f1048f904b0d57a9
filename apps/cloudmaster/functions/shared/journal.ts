/**
 * The journal of births: what a create has made so far, written before it is used further. A killed run, a create that
 * fails half-way and a list that lags behind all find here what there is, so nothing is made twice or left behind.
 */
import { createHash, randomUUID } from "node:crypto";

/** One machine that is being made, or was made. */
export interface Birth {
  /** Told to the cloud as its own mark of idempotence; a new one for each birth. A UUID. */
  readonly token: string;
  /** The cloud's ids of what was made for it, in the order of their making. */
  readonly resources: readonly string[];
}

/** A value with the version that a compare-and-set needs. */
export interface Stored {
  readonly value: unknown;
  readonly version: string;
}

/** A small store with compare-and-set, as Dispatch keeps it for applications. Keys are texts, values JSON. */
export interface StateStore {
  get(key: string): Promise<Stored | undefined>;
  /** @param version of what is replaced; undefined when nothing may be there. @returns false when somebody else was faster. */
  put(key: string, value: unknown, version: string | undefined): Promise<boolean>;
  /** False when somebody else was faster. What is not there is deleted already. */
  remove(key: string, version: string): Promise<boolean>;
}

export interface Journal {
  /** The birth of that machine: the one that stands in the journal, or a new one. */
  open(name: string): Promise<Birth>;
  /** The birth of that machine, if there is one. */
  find(name: string): Promise<Birth | undefined>;
  /** Notes a resource of a birth, once. To be called before the resource is used further. */
  note(name: string, token: string, resource: string): Promise<void>;
  /** Forgets a birth: everything of it is gone. */
  close(name: string, token: string): Promise<void>;
}

/** @param place the cloud's name, then what tells the account and the place in it apart; kept as a digest only */
export function createJournal(store: StateStore, place: readonly string[]): Journal {
  const digest = createHash("sha256").update(JSON.stringify(place)).digest("hex").slice(0, 16);
  const key = (name: string) => `machines/${place[0]}/${digest}/${name}`;

  async function read(name: string): Promise<{ birth: Birth; version: string } | undefined> {
    const stored = await store.get(key(name));
    return stored !== undefined && isBirth(stored.value) ? { birth: stored.value, version: stored.version } : undefined;
  }

  async function open(name: string): Promise<Birth> {
    for (;;) {
      const known = await read(name);
      if (known !== undefined) return known.birth;
      const birth: Birth = { token: randomUUID(), resources: [] };
      if (await store.put(key(name), birth, undefined)) return birth;
    }
  }

  async function note(name: string, token: string, resource: string): Promise<void> {
    for (;;) {
      const known = await read(name);
      if (known?.birth.token !== token) throw new Error(`${name} was deleted by somebody else while it was made`);
      const { birth, version } = known;
      if (birth.resources.includes(resource)) return;
      const grown: Birth = { token, resources: [...birth.resources, resource] };
      if (await store.put(key(name), grown, version)) return;
    }
  }

  async function close(name: string, token: string): Promise<void> {
    for (;;) {
      const known = await read(name);
      if (known?.birth.token !== token || (await store.remove(key(name), known.version))) return;
    }
  }

  return { open, find: async (name) => (await read(name))?.birth, note, close };
}

/** A store that lasts as long as the process, for a function that is called outside of Dispatch. */
export function createMemoryStore(): StateStore {
  const entries = new Map<string, { readonly text: string; readonly version: string }>();
  let writes = 0;
  return {
    get: async (key) => {
      const entry = entries.get(key);
      return entry === undefined ? undefined : { value: JSON.parse(entry.text), version: entry.version };
    },
    put: async (key, value, version) => {
      if (entries.get(key)?.version !== version) return false;
      entries.set(key, { text: JSON.stringify(value), version: String(++writes) });
      return true;
    },
    remove: async (key, version) => {
      if (entries.get(key)?.version !== version) return !entries.has(key);
      return entries.delete(key);
    },
  };
}

function isBirth(value: unknown): value is Birth {
  if (typeof value !== "object" || value === null || !("token" in value) || !("resources" in value)) return false;
  return typeof value.token === "string" && Array.isArray(value.resources);
}
