/**
 * Where seals are kept: the newest in the database, so that every backup has it, and in a file beside it, which tells when the
 * database was put back to an older state; all of them, where the operator asks for it, in a file that only grows.
 */
import { appendFile, readFile } from "node:fs/promises";
import type { Database } from "../shared/ports.ts";
import { removeDrafts, replaceFile } from "../shared/replace-file.ts";
import { statement } from "../shared/statement.ts";
import { readSeal, type Seal, sealText } from "./seal.ts";

/** In the data folder. */
export const SEAL_FILE_NAME = "audit-seal.json";

const ORGANIZATION = "";
const KEY = "audit-seal";

const keepSeal = statement((database, row: { value: string }) =>
  database
    .insertInto("settings")
    .values({ organization: ORGANIZATION, key: KEY, value: row.value })
    .onConflict((conflict) => conflict.columns(["organization", "key"]).doUpdateSet({ value: row.value })),
);

export interface SealsPorts {
  readonly database: Database;
  readonly key: Buffer;
  /** The file with the newest seal. */
  readonly file: string;
  /** A file to which every seal is appended, or `log`; "" for neither. */
  readonly anchor: string;
  readonly log: { info(details: object, message: string): void };
}

/** What the seals say before the log is checked: the newest seal, or what is wrong with them. */
export type Known = { readonly seal: Seal | undefined; readonly fault?: never } | { readonly fault: string };

export class Seals {
  readonly #ports: SealsPorts;

  constructor(ports: SealsPorts) {
    this.#ports = ports;
  }

  /** To be called once, before the first seal is kept. */
  async read(): Promise<Known> {
    const { file, anchor, key } = this.#ports;
    await removeDrafts(file);
    const inDatabase = await this.#inDatabase();
    const seal = inDatabase === undefined ? undefined : readSeal(key, inDatabase);
    if (inDatabase !== undefined && seal === undefined)
      return { fault: "the seal in the database was altered, or was made under another master key" };
    for (const [path, line] of [[file, await textOf(file)] as const, await lastLine(anchor)]) {
      const other = line === undefined ? undefined : readSeal(key, line);
      if (other !== undefined && other.sequence > (seal?.sequence ?? -1)) return { fault: behind(path, other) };
    }
    return { seal };
  }

  async keep(seal: Seal): Promise<void> {
    const { database, file, anchor, log, key } = this.#ports;
    const text = sealText(key, seal);
    await database.commit([keepSeal({ value: text })]);
    await replaceFile(file, `${text}\n`, { mode: 0o600 });
    if (anchor === "log") log.info({ seal: text }, "the audit log was sealed");
    else if (anchor !== "") await appendFile(anchor, `${text}\n`, { mode: 0o600 });
  }

  async #inDatabase(): Promise<string | undefined> {
    const query = this.#ports.database.query.selectFrom("settings").select("value");
    const row = await query.where("organization", "=", ORGANIZATION).where("key", "=", KEY).executeTakeFirst();
    return row?.value;
  }
}

function behind(path: string, { count, time }: Seal): string {
  return `the database is older than ${path}, which has ${count} entries sealed at ${new Date(time).toISOString()}: if an older copy was put back on purpose, move that file away`;
}

async function textOf(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

async function lastLine(anchor: string): Promise<readonly [string, string | undefined]> {
  const text = anchor === "" || anchor === "log" ? undefined : await textOf(anchor);
  return [anchor, text?.trimEnd().split("\n").at(-1)];
}
