/** What a restored database must forget, because it is true of the old place only. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type Database from "better-sqlite3";
import { ADMINISTRATOR_TOKEN_KEY } from "../core/iam/administrator-token.ts";
import type { BuiltImage } from "../core/shared/ports.ts";

/** What the operator should know. */
export interface Adapted {
  readonly secrets: number;
  /** Images whose dependencies are not here: the server installs them again when it starts. */
  readonly images: number;
}

/** `database` is open and used by nobody else; `dataDir` holds what was restored beside it. */
export function adapt(database: Database.Database, dataDir: string): Adapted {
  return database.transaction(() => {
    forgetLostToken(database, join(dataDir, "admin-token"));
    const secrets = Number(database.prepare("select count(*) from resources where kind = 'Secret'").pluck().get());
    return { secrets, images: lostImages(database, join(dataDir, "images")) };
  })();
}

/** Without the token's file nobody could be administrator: the server makes a new one when it knows none. */
function forgetLostToken(database: Database.Database, path: string): void {
  const hash = existsSync(path) ? createHash("sha256").update(readFileSync(path, "utf8").trim()).digest("hex") : "";
  database.prepare("delete from settings where key = ? and value <> ?").run(ADMINISTRATOR_TOKEN_KEY, hash);
}

/** The server finds them when it starts, and what was deployed on them. In older databases folders are paths. */
function lostImages(database: Database.Database, folder: string): number {
  const documents = database.prepare("select document from resources where kind = 'Image'").pluck().all() as string[];
  const names = documents.map((document) => (JSON.parse(document) as { built: BuiltImage | null }).built?.folder);
  return names.filter((name) => name !== undefined && !existsSync(join(folder, basename(name)))).length;
}
