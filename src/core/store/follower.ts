/** Keeps what this process holds in memory up with the table of changes, whoever wrote there. */
import type { Database } from "../shared/ports.ts";
import type { ChangeFeed } from "./change-feed.ts";
import { ChangeReader, latestChange } from "./change-reader.ts";

const EVERY_MS = 1000;

export interface FollowerPorts {
  readonly database: Database;
  readonly feed: ChangeFeed;
  readonly log: { warn(details: object, message: string): void };
}

export class Follower {
  readonly #ports: FollowerPorts;
  #reader: ChangeReader | undefined;
  #timer: NodeJS.Timeout | undefined;
  #following: Promise<void> = Promise.resolve();

  constructor(ports: FollowerPorts) {
    this.#ports = ports;
  }

  /** Remembers the newest change: whatever is loaded afterwards includes all changes up to it. */
  async mark(): Promise<void> {
    this.#reader = new ChangeReader(this.#ports.database, await latestChange(this.#ports.database));
  }

  start(): void {
    this.#timer = setInterval(() => void this.catchUp(), EVERY_MS).unref();
  }

  /** Resolves when everything that was committed before has arrived. What fails is tried again at the next turn. */
  catchUp(): Promise<void> {
    this.#following = this.#following
      .then(() => this.#read())
      .catch((error: unknown) => this.#ports.log.warn({ err: error }, "changes could not be followed"));
    return this.#following;
  }

  stop(): Promise<void> {
    clearInterval(this.#timer);
    return this.#following;
  }

  async #read(): Promise<void> {
    const { feed } = this.#ports;
    const page = await this.#reader?.read(feed.kinds);
    if (page === undefined) return;
    if (page.isGap) await feed.reload();
    for (const change of page.changes) await feed.follow(change);
    if (page.goesOn) await this.#read();
  }
}
