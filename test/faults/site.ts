/** Where a fault happens: a server under mixed load, and what is looked at when it is over. */
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
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

type SiteOptions = ServerOptions & { readonly dataDir: string; readonly logFile: string };

export class Site {
  readonly load: MixedLoad;
  readonly options: SiteOptions;
  readonly #witness: Witness;
  #server: ServerProcess;
  #where = "at the beginning";
  /** Then everything stays for whoever looks for the cause. */
  #failed = false;

  private constructor(witness: Witness, options: SiteOptions, server: ServerProcess, seed: number) {
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
    const all = { ...options, dataDir, flags, logFile: join(await temporaryFolder(), "server.log") };
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

  /** What happens until it is said again: what goes wrong says that it was there. */
  at(where: string): void {
    this.#where = where;
  }

  /** Starts the server again. */
  async start(): Promise<void> {
    this.#server = await this.#keeping(() => startServer(this.options));
  }

  /** The fault happens while calls of all kinds go through; they end with it. */
  underLoad(fault: () => Promise<void>): Promise<void> {
    return this.#keeping(() => this.#underLoad(fault));
  }

  async #underLoad(fault: () => Promise<void>): Promise<void> {
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

  /** Everything that was acknowledged is done, nothing is left over, and all this without a hand. */
  async check(): Promise<void> {
    await this.checkLoad();
    await this.#keeping(() => this.#nothingLeft());
  }

  /** Everything that was acknowledged is done. */
  async checkLoad(): Promise<void> {
    await this.#keeping(() => this.load.check(this.dispatch));
  }

  /** @throws what goes wrong, with where it did and where the server's data and words are to be found */
  async #keeping<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      this.#failed = true;
      const { dataDir, logFile } = this.options;
      throw new Error(`${this.#where}: ${messageOf(error)} (${dataDir} and ${logFile} are kept)`, { cause: error });
    }
  }

  /** The server counts its work every five seconds: this takes nearly as long. */
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
    try {
      if (!this.#failed) await this.#lastLook();
    } finally {
      this.#witness.close();
      await this.#server.stop();
      if (!this.#failed) await this.#remove();
    }
  }

  async #lastLook(): Promise<void> {
    this.at("at the end");
    await this.#keeping(async () => {
      const audit = await this.dispatch.get("/v1/audit/verify");
      await this.#server.stop();
      expect([audit.status, audit.text]).toEqual([200, expect.stringContaining('"whole":true')]);
      const seals = (await readdir(this.options.dataDir)).filter((name) => name.startsWith(SEAL_FILE_NAME));
      expect(seals).toEqual([SEAL_FILE_NAME]);
      if (!isPostgres) expect(integrityOf(this.options.dataDir)).toEqual([{ integrity_check: "ok" }]);
    });
  }

  async #remove(): Promise<void> {
    const { dataDir, logFile } = this.options;
    for (const folder of [dataDir, dirname(logFile)]) await rm(folder, { recursive: true, force: true });
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
