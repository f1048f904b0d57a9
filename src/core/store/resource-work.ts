/**
 * Work that follows from a write of a resource, such as the build of an image. It is promised with the write; each job looks at
 * the resource as it is when its turn comes, and for one resource there is one at a time.
 */
import { randomUUID } from "node:crypto";
import type { Database, Statement } from "../shared/ports.ts";
import { enqueue, type HeldJob } from "../work/job.ts";
import type { WorkKindName } from "../work/kinds.ts";
import { NotNowError } from "../work/worker.ts";
import type { ResourceRecord, ResourceStore } from "./resource-store.ts";

export interface ResourceWorkPorts {
  readonly database: Database;
  /** Work of this kind was promised. */
  readonly wake: (kind: WorkKindName) => void;
}

type Named = Pick<ResourceRecord<unknown>, "organization" | "name" | "id">;

const MOST_ATTEMPTS = 5;

export class ResourceWork {
  readonly #kind: WorkKindName;
  readonly #ports: ResourceWorkPorts;
  readonly #stop = new AbortController();
  readonly #stopped: Promise<never>;

  constructor(kind: WorkKindName, ports: ResourceWorkPorts) {
    this.#kind = kind;
    this.#ports = ports;
    const { signal } = this.#stop;
    this.#stopped = new Promise((_, reject) => signal.addEventListener("abort", () => reject(new NotNowError(0))));
    this.#stopped.catch(() => {});
  }

  /** Goes into the unit of the write; `wake` when that is committed. */
  promise({ organization, name, id }: Named): Statement {
    const payload = JSON.stringify({ name });
    return enqueue({ organization, kind: this.#kind, id: randomUUID(), orderKey: id, payload, maxAttempts: 0 });
  }

  wake(): void {
    this.#ports.wake(this.#kind);
  }

  /** Promises it for those that have no job; at a start, before anything is done. */
  async resume(records: readonly Named[]): Promise<void> {
    const { database } = this.#ports;
    const rows = await database.query.selectFrom("work").select("order_key").where("kind", "=", this.#kind).execute();
    const known = new Set(rows.map(({ order_key }) => order_key));
    const without = records.filter(({ id }) => !known.has(id));
    if (without.length > 0) await database.commit(without.map((record) => this.promise(record)));
  }

  /** The resource of a job; undefined when it is gone. */
  of<D>(store: ResourceStore<D>, { organization, orderKey, payload }: HeldJob): ResourceRecord<D> | undefined {
    const { name } = JSON.parse(payload) as { name: string };
    const record = store.find(organization, name);
    return record?.id === orderKey ? record : undefined;
  }

  /** Why a job that was begun again and again is given up; undefined while it is not. */
  hopeless({ attempt, error }: HeldJob): string | undefined {
    if (attempt <= MOST_ATTEMPTS) return undefined;
    return `${MOST_ATTEMPTS} attempts failed: ${error ?? "the server ended each time"}`;
  }

  get stopping(): boolean {
    return this.#stop.signal.aborted;
  }

  /** What is being done is left to the next start. */
  stop(): void {
    this.#stop.abort();
  }

  /** Waits for it. @throws NotNowError when the server stops */
  unlessStopped<T>(doing: Promise<T>): Promise<T> {
    return Promise.race([doing, this.#stopped]);
  }
}
