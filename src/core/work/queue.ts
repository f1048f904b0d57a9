/** The queue: one loop a kind over one table. What a crash leaves is done by whoever looks next. */
import { release } from "./claims.ts";
import { type HeldJob, LEASE_MS } from "./job.ts";
import { kinds, type WorkKindName } from "./kinds.ts";
import { Lane, type LanePorts } from "./lane.ts";
import type { Ending, Perform } from "./worker.ts";

const RENEW_MS = LEASE_MS / 3;
const PUT_RIGHT_MS = 60_000;

export type Workers = Readonly<Partial<Record<WorkKindName, Perform>>>;

export class WorkQueue {
  readonly #ports: LanePorts;
  readonly #lanes = new Map<string, Lane>();
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(ports: LanePorts) {
    this.#ports = ports;
  }

  /** Names this server in leases. */
  get owner(): string {
    return this.#ports.owner;
  }

  /** Frees the jobs that this server held when it ended; does none of them yet. */
  async prepare(workers: Workers): Promise<void> {
    await release(this.#ports.database, this.#ports.owner);
    for (const [name, perform] of Object.entries(workers) as [WorkKindName, Perform][]) {
      this.#lanes.set(name, new Lane(name, kinds[name], perform, this.#ports));
    }
    await this.#each((lane) => lane.putRight());
  }

  /** Begins to do what is due. */
  open(): void {
    for (const lane of this.#lanes.values()) lane.open();
    this.#repeat(RENEW_MS, (lane) => lane.renew());
    this.#repeat(PUT_RIGHT_MS, (lane) => lane.putRight());
  }

  /** Work of this kind was promised just now: nobody has to wait for the next look. */
  wake(kind: string): void {
    this.#lanes.get(kind)?.wake();
  }

  /** Keeps the lease of a job that was promised as held, until `doing` has settled it in a unit of its own. */
  hold(job: HeldJob, doing: (lost: AbortSignal) => Promise<void>): void {
    this.#lanes.get(job.kind)?.hold(job, doing);
  }

  /** The same for a job whose first attempt began in the unit that promised it, see `enqueueBegun`: it ends like those that were taken. */
  carry(job: HeldJob, doing: () => Promise<Ending>): void {
    this.#lanes.get(job.kind)?.carry(job, doing);
  }

  /** Takes nothing more; resolves when what was taken has ended, or after so long. What is left is for the next start. */
  async close(milliseconds = 10_000): Promise<void> {
    const late = new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
    await Promise.race([this.#each((lane) => lane.close()), late]);
    for (const timer of this.#timers) clearInterval(timer);
  }

  async #each(act: (lane: Lane) => Promise<void>): Promise<void> {
    await Promise.all([...this.#lanes.values()].map(act));
  }

  #repeat(milliseconds: number, act: (lane: Lane) => Promise<void>): void {
    const once = (): void => {
      this.#each(act).catch((error: unknown) => this.#ports.log.warn({ err: error }, "work could not be looked after"));
    };
    this.#timers.push(setInterval(once, milliseconds).unref());
  }
}
