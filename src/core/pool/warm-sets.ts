/** The warm sets of one server. Each lives while a revision that serves, or is being loaded, may need it, and a while longer. */
import type { Demand } from "../capacity/demand.ts";
import type { Limits, Worker, WorkerSpec } from "../shared/ports.ts";
import type { WorkerResource } from "./contract.ts";
import type { Revision } from "./revision.ts";
import { type StartWorker, WarmSet } from "./warm-set.ts";

export interface WarmSetsPorts {
  /** Generic workers that wait in each. */
  readonly count: number;
  /** The limits that a worker keeps from its start; the others are set when a function is loaded. */
  readonly fixedLimits: readonly (keyof Limits)[];
  readonly start: StartWorker;
  /** A start has failed that nobody waited for. */
  report(error: Error): void;
}

/** A deployment that follows soon finds what the one before left. */
const KEPT_MS = 20_000;

export class WarmSets {
  readonly #ports: WarmSetsPorts;
  readonly #sets = new Map<string, WarmSet>();
  /** The key of its set, by revision. */
  readonly #users = new Map<string, string>();
  /** Since when nobody needs them, in monotonic milliseconds. */
  readonly #unused = new Map<string, number>();

  constructor(ports: WarmSetsPorts) {
    this.#ports = ports;
  }

  /** Workers that wait. */
  get size(): number {
    return [...this.#sets.values()].reduce((sum, set) => sum + set.size, 0);
  }

  /** What there is for an organization. */
  workers(organization: string): WorkerResource[] {
    return [...this.#sets].flatMap(([key, { spec, state }]) => {
      if (spec.organization !== organization) return [];
      const { language } = spec;
      const why = this.#unused.has(key)
        ? "no function of its image is left; it ends soon"
        : "waits for a function of its image, so that the next one starts at once";
      const waiting = state.ready.map(({ id: name }) => ({ name, language, state: "waiting" as const, why }));
      const starting = { language, state: "starting" as const, why: "starts before anybody needs it" };
      return [...waiting, ...Array.from({ length: state.starting }, () => starting)];
    });
  }

  /** Workers wait for this revision from now on. */
  keep(revision: Revision): WarmSet {
    const spec = workerSpec(revision);
    const key = this.#keyOf(spec);
    this.#users.set(revision.faasId, key);
    this.#unused.delete(key);
    const known = this.#sets.get(key);
    if (known !== undefined) return known;
    const set = new WarmSet(spec, this.#ports.start, this.#ports.report);
    this.#sets.set(key, set);
    set.want(this.#ports.count);
    return set;
  }

  /** The revision needs none any more. */
  forget(faasId: string): void {
    const key = this.#users.get(faasId);
    if (key === undefined) return;
    this.#users.delete(faasId);
    if (![...this.#users.values()].includes(key)) this.#unused.set(key, performance.now());
  }

  /** A worker for this revision. Those that drain have no set of their own. */
  take(revision: Revision, demand: Demand): Promise<Worker> {
    const spec = workerSpec(revision);
    const set = this.#users.has(revision.faasId) ? this.keep(revision) : this.#sets.get(this.#keyOf(spec));
    return set?.take(demand) ?? this.#ports.start(spec, demand);
  }

  /** Ends those that nobody has needed for a while. */
  sweep(now: number): void {
    for (const [key, since] of this.#unused) if (now - since >= KEPT_MS) this.#drop(key);
  }

  /** The folders of all other images may go: nobody may get a worker that was started with one. */
  forgetOtherImages(used: ReadonlySet<string>): void {
    const needed = new Set(this.#users.values());
    for (const [key, { spec }] of this.#sets) if (!used.has(spec.image.digest) && !needed.has(key)) this.#drop(key);
  }

  /** Ends a waiting worker, one that nobody needs if there is one, else of `organization` if only its own may go. */
  evict(organization: string, own: boolean): Promise<void> | undefined {
    const keys = [...this.#unused.keys(), ...this.#sets.keys()];
    for (const set of keys.map((key) => this.#sets.get(key))) {
      const ending = own && set?.spec.organization !== organization ? undefined : set?.evict();
      if (ending !== undefined) return ending;
    }
    return undefined;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sets.values()].map((set) => set.close()));
  }

  #drop(key: string): void {
    const set = this.#sets.get(key);
    this.#sets.delete(key);
    this.#unused.delete(key);
    void set?.close();
  }

  #keyOf({ organization, image, network, limits }: WorkerSpec): string {
    const fixed = this.#ports.fixedLimits.map((name) => limits[name]);
    return [organization, image.digest, network, ...fixed].join("\n");
  }
}

/** What a sandbox is started with. */
function workerSpec({ organization, language, image, network, limits }: Revision): WorkerSpec {
  return { organization, language, image, network, limits };
}
