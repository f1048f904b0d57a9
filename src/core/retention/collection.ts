/**
 * What lies on disk and nobody uses any more: sources, artefacts, dependencies of images. One job of `core/work` that comes again
 * and again, and at each start. What is in flight was given to somebody just now, and stays: see core/shared/collector.ts.
 */
import { type Blobs, type Builder, type Database, DuplicateError } from "../shared/ports.ts";
import { enqueue, giveBack, type HeldJob, type Job, withdraw } from "../work/job.ts";

/** Digests. */
export interface Used {
  readonly blobs: ReadonlySet<string>;
  readonly images: ReadonlySet<string>;
}

export interface CollectionPorts {
  readonly database: Database;
  readonly blobs: Pick<Blobs, "collect">;
  readonly builder: Pick<Builder, "collect">;
  /** What is on record, or serves calls. */
  used(): Used;
  /** The folders of all other images may go: nobody may get a worker that was started with one. */
  forgetOtherImages(used: ReadonlySet<string>): void;
}

const EVERY_MS = 10 * 60_000;
const job: Job = { organization: "", kind: "collection", id: "disk", payload: "{}", maxAttempts: 0 };

export class Collection {
  readonly #ports: CollectionPorts;
  #stopped = false;

  constructor(ports: CollectionPorts) {
    this.#ports = ports;
  }

  /** Promises the job, for at once. */
  async start(): Promise<void> {
    const { database } = this.#ports;
    try {
      await database.commit([enqueue(job)]);
    } catch (error) {
      if (!(error instanceof DuplicateError)) throw error;
      await database.commit([withdraw(job), enqueue(job)]);
    }
  }

  /** What has not been removed yet is left to the next start. */
  stop(): void {
    this.#stopped = true;
  }

  readonly perform = async (held: HeldJob): Promise<undefined> => {
    const { database, blobs, builder, used, forgetOtherImages } = this.#ports;
    // What comes into use after this moment was handed out by `give` before, which protects it.
    const now = used();
    await blobs.collect((digest) => this.#stopped || now.blobs.has(digest));
    forgetOtherImages(now.images);
    await builder.collect((digest) => this.#stopped || now.images.has(digest));
    await database.commit(giveBack(held, EVERY_MS, 0));
  };
}
