/** Where a fault happens: a server under mixed load, and what is looked at when it is over. */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect } from "vitest";
import { SEAL_FILE_NAME } from "../../src/core/audit/seals.ts";
import { messageOf } from "../../src/core/shared/message-of.ts";
import { Dispatch, parse } from "../e2e/support/dispatch.ts";
import { type ServerOptions, type ServerProcess, startServer, temporaryFolder } from "../e2e/support/server.ts";
import { isPostgres } from "../e2e/support/server-database.ts";
import { until } from "../e2e/support/until.ts";
import { MixedLoad } from "./load.ts";
import { startWitness, type Witness } from "./witness.ts";

interface Health {
  readonly work: { readonly jobs: Readonly<Record<string, number>>; readonly deadLetters: number };
}

/** They come again by themselves. */
const RECURRING = ["retention", "collection"];
/** A fault falls on calls that go through. */
const BEFORE_THE_FAULT = 10;

export class Site {
  readonly load: MixedLoad;
  readonly options: ServerOptions & { readonly dataDir: string };
  readonly #witness: Witness;
  #server: ServerProcess;

  private constructor(
    witness: Witness,
    options: ServerOptions & { readonly dataDir: string },
    server: ServerProcess,
    seed: number,
  ) {
    this.#witness = witness;
    this.options = options;
    this.#server = server;
    this.load = new MixedLoad(witness, seed);
  }

  /** A server with everything that the load needs. */
  static async open(seed: number, options: ServerOptions = {}): Promise<Site> {
    const witness = await startWitness();
    const dataDir = options.dataDir ?? (await temporaryFolder());
    const flags = [
      "--warm-workers",
      "1",
      "--allow-host-service",
      `127.0.0.1:${witness.port}`,
      ...(options.flags ?? []),
    ];
    const all = { ...options, dataDir, flags };
    const site = new Site(witness, all, await startServer(all), seed);
    await site.dispatch.createImage("nodejs");
    await site.load.prepare(site.dispatch);
    return site;
  }

  get server(): ServerProcess {
    return this.#server;
  }

  get dispatch(): Dispatch {
    return new Dispatch(this.#server.api);
  }

  async start(): Promise<void> {
    this.#server = await startServer(this.options);
  }

  /** The fault happens while calls of all kinds go through; they end with it. */
  async underLoad(fault: () => Promise<void>): Promise<void> {
    const stop = new AbortController();
    const begun = this.load.counts.acknowledged + BEFORE_THE_FAULT;
    const calls = this.load.run(this.dispatch, stop.signal);
    try {
      await until("calls go through", () => this.load.counts.acknowledged >= begun || undefined);
      await fault();
    } finally {
      stop.abort();
      await calls;
    }
  }

  /** Everything that was acknowledged is done, nothing is left over, and all this without a hand. @throws with `where` */
  async check(where: string): Promise<void> {
    try {
      await this.load.check(this.dispatch);
      await this.#nothingLeft();
    } catch (error) {
      throw new Error(`${where}: ${messageOf(error)}`, { cause: error });
    }
  }

  async #nothingLeft(): Promise<void> {
    const health = await until("no work is left", async () => {
      const { work } = parse<Health>(await this.dispatch.raw("/healthz"));
      const left = Object.entries(work.jobs).filter(([kind, count]) => !RECURRING.includes(kind) && count > 0);
      return left.length === 0 ? work : undefined;
    });
    expect(health.deadLetters).toBe(0);
  }

  /** The last look: the audit log is whole, and so is the database's file. */
  async close(): Promise<void> {
    const audit = await this.dispatch.get("/v1/audit/verify");
    await this.#server.stop();
    try {
      expect([audit.status, audit.text]).toEqual([200, expect.stringContaining('"whole":true')]);
      const seals = (await readdir(this.options.dataDir)).filter((name) => name.startsWith(SEAL_FILE_NAME));
      expect(seals).toEqual([SEAL_FILE_NAME]);
      if (!isPostgres) expect(integrityOf(this.options.dataDir)).toEqual([{ integrity_check: "ok" }]);
    } finally {
      this.#witness.close();
      await rm(this.options.dataDir, { recursive: true, force: true });
    }
  }
}

function integrityOf(dataDir: string): unknown {
  const database = new Database(join(dataDir, "dispatch.db"), { readonly: true });
  try {
    return database.pragma("integrity_check");
  } finally {
    database.close();
  }
}
