/** What the server lives on: its database, its disk, and the work that waits. Looked at now and then, for /healthz and /metrics. */
import { statfs } from "node:fs/promises";
import { Gauge, type Registry } from "prom-client";
import type { DiskRoom } from "./core/capacity/disk-room.ts";
import { messageOf } from "./core/shared/message-of.ts";
import type { Database } from "./core/shared/ports.ts";
import { type Backlog, backlogOf } from "./core/work/backlog.ts";

export interface Vitals {
  readonly database: { readonly ready: boolean; readonly reason?: string };
  /** `refusing`: new work is refused until there is room again. */
  readonly disk: { readonly freeBytes: number; readonly low: boolean; readonly refusing: boolean };
  readonly work: Backlog;
}

export interface VitalsPorts {
  readonly database: Database;
  readonly dataDir: string;
  /** Is told how much room there is. */
  readonly room: DiskRoom;
  readonly log: { warn(details: object, message: string): void };
}

const LOOK_EVERY_MS = 5000;
/** How often the disk is looked at when it may soon be full: much can be written in five seconds. */
const LOOK_CLOSELY_MS = 250;
const DATABASE_PATIENCE_MS = 2000;
/** Below this a few writes may be the last ones. */
const LOW_BYTES = 256 * 1024 * 1024;

const nothing: Backlog = { jobs: {}, waiting: 0, deadLetters: 0 };

export class VitalsWatch {
  readonly #ports: VitalsPorts;
  #latest: Vitals = { database: { ready: true }, disk: { freeBytes: 0, low: false, refusing: false }, work: nothing };
  #timer: NodeJS.Timeout | undefined;
  #closely: NodeJS.Timeout | undefined;

  constructor(ports: VitalsPorts) {
    this.#ports = ports;
  }

  /** As it was a few seconds ago. */
  get latest(): Vitals {
    return this.#latest;
  }

  /** Looks once, and from now on again and again. */
  async start(): Promise<void> {
    await this.#look();
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS).unref();
    this.#closely = setInterval(() => {
      if (this.#ports.room.isNear) void this.#disk();
    }, LOOK_CLOSELY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    clearInterval(this.#closely);
  }

  addTo(registry: Registry): void {
    const gauge = (name: string, help: string, value: () => number): void => {
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(value());
        },
      });
    };
    gauge("dispatch_database_ready", "1 while the database answers", () => Number(this.#latest.database.ready));
    gauge("dispatch_disk_free_bytes", "Room on the disk of the data folder", () => this.#latest.disk.freeBytes);
    gauge("dispatch_dead_letters", "Work that could not be done", () => this.#latest.work.deadLetters);
    gauge(
      "dispatch_work_waiting_seconds",
      "How long the oldest job has waited",
      () => this.#latest.work.waiting / 1000,
    );
    const latest = (): Vitals => this.#latest;
    new Gauge({
      name: "dispatch_work_jobs",
      help: "Jobs that wait or are under way, by kind",
      labelNames: ["kind"],
      registers: [registry],
      collect() {
        this.reset();
        for (const [kind, jobs] of Object.entries(latest().work.jobs)) this.set({ kind }, jobs);
      },
    });
  }

  async #look(): Promise<void> {
    const before = this.#latest;
    const [disk, work] = await Promise.all([this.#disk(), this.#work()]);
    const database = "failed" in work ? { ready: false, reason: work.failed } : { ready: true };
    this.#latest = { database, disk, work: "failed" in work ? before.work : work };
    if (disk.refusing && !before.disk.refusing)
      this.#ports.log.warn(disk, "the disk of the data folder is full but for a reserve: new work is refused");
    if (disk.low && !before.disk.low) this.#ports.log.warn(disk, "the disk of the data folder is nearly full");
    if (!database.ready && before.database.ready) this.#ports.log.warn(database, "the database does not answer");
  }

  async #disk(): Promise<Vitals["disk"]> {
    const { bavail, bsize } = await statfs(this.#ports.dataDir);
    const freeBytes = bavail * bsize;
    this.#ports.room.note(freeBytes);
    return { freeBytes, low: freeBytes < LOW_BYTES, refusing: this.#ports.room.isShort };
  }

  async #work(): Promise<Backlog | { readonly failed: string }> {
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error("it does not answer")), DATABASE_PATIENCE_MS).unref();
    });
    try {
      return await Promise.race([backlogOf(this.#ports.database), late]);
    } catch (error) {
      return { failed: messageOf(error) };
    }
  }
}
