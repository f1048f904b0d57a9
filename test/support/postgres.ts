/** A real PostgreSQL, Debian's own, in a temporary folder and behind a Unix socket; on the loopback only when it is told a port. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client } from "pg";

const ROOT = "/usr/lib/postgresql";
/** PostgreSQL refuses to run as root. */
const NOBODY = 65_534;

const asUser = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

/** The folder of the newest version that is installed; undefined where there is none. */
export function postgresPrograms(): string | undefined {
  if (!existsSync(ROOT)) return undefined;
  const versions = readdirSync(ROOT).map(Number).filter(Number.isFinite);
  const folder = join(ROOT, String(Math.max(...versions)), "bin");
  return existsSync(join(folder, "initdb")) ? folder : undefined;
}

/** What a skipped test says. */
export const NO_POSTGRES = "PostgreSQL is not installed: sudo apt-get install postgresql";

/** The address of a database on a server with its socket in this folder. */
export function addressIn(folder: string, database: string): string {
  return `postgres://dispatch@/${database}?host=${encodeURIComponent(folder)}`;
}

/** Runs statements on the database at an address, one after the other. */
export async function runSql(address: string, statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: address });
  await client.connect();
  try {
    for (const sql of statements) await client.query(sql);
  } finally {
    await client.end();
  }
}

export class PostgresServer {
  readonly folder: string;
  readonly #programs: string;
  readonly #port: number | undefined;
  #child: ChildProcess | undefined;

  /** @param port of the loopback, where users need their password; by default none. */
  constructor(programs: string, port?: number) {
    this.#programs = programs;
    this.#port = port;
    this.folder = mkdtempSync(join(tmpdir(), "dispatch-pg-"));
    chmodSync(this.folder, 0o755);
    if (asUser.uid !== undefined) chownSync(this.folder, asUser.uid, asUser.gid);
    const { status, stderr } = spawnSync(
      join(programs, "initdb"),
      ["-D", join(this.folder, "data"), "-A", "trust", "-U", "dispatch", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
      { ...asUser, cwd: "/", encoding: "utf8" },
    );
    if (status !== 0) throw new Error(`initdb: ${stderr}`);
    // The whole file is replaced: the first line that fits counts, and the one that initdb writes trusts everybody.
    const rules = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
    if (port !== undefined) writeFileSync(join(this.folder, "data/pg_hba.conf"), rules);
  }

  /** @param settings further ones, such as `ssl=on` */
  async start(settings: readonly string[] = []): Promise<void> {
    const network = this.#port === undefined ? [] : [`port=${this.#port}`];
    const addresses = `listen_addresses=${this.#port === undefined ? "" : "127.0.0.1"}`;
    const options = [
      addresses,
      ...network,
      `unix_socket_directories=${this.folder}`,
      "fsync=off",
      "max_connections=300",
      ...settings,
    ];
    const flags = ["-D", join(this.folder, "data"), ...options.flatMap((option) => ["-c", option])];
    const child = spawn(join(this.#programs, "postgres"), flags, {
      ...asUser,
      cwd: "/",
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child = child;
    const lines = createInterface({ input: child.stderr as NodeJS.ReadableStream });
    await new Promise<void>((resolve, reject) => {
      lines.on("line", (line) => {
        if (line.includes("ready to accept connections")) resolve();
      });
      child.once("exit", (code) => reject(new Error(`postgres ended with ${code}`)));
    });
  }

  /** SIGINT ends it at once and in order, SIGQUIT as a crash would, SIGKILL is one. */
  async stop(signal: "SIGINT" | "SIGQUIT" | "SIGKILL" = "SIGINT"): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  async create(database: string): Promise<string> {
    await runSql(addressIn(this.folder, "postgres"), [`create database "${database}"`]);
    return addressIn(this.folder, database);
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
