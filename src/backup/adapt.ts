/** What a restored database must forget, because it is true of the old place only. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type Database from "better-sqlite3";
import { ADMINISTRATOR_TOKEN_KEY } from "../core/iam/administrator-token.ts";

/** What the operator should know. */
export interface Adapted {
  readonly secrets: number;
  /** Images that the server installs again when it starts. */
  readonly images: number;
}

interface ImageFolder {
  readonly folder?: string;
}

interface Row {
  readonly organization: string;
  readonly name: string;
  readonly document: string;
}

/** `database` is open and used by nobody else; `dataDir` holds what was restored beside it. */
export function adapt(database: Database.Database, dataDir: string): Adapted {
  return database.transaction(() => {
    forgetLostToken(database, join(dataDir, "admin-token"));
    const secrets = Number(database.prepare("select count(*) from resources where kind = 'Secret'").pluck().get());
    const images = reinstall(database);
    redeploy(database);
    return { secrets, images };
  })();
}

/** Without the token's file nobody could be administrator: the server makes a new one when it knows none. */
function forgetLostToken(database: Database.Database, path: string): void {
  const hash = existsSync(path) ? createHash("sha256").update(readFileSync(path, "utf8").trim()).digest("hex") : "";
  database.prepare("delete from settings where key = ? and value <> ?").run(ADMINISTRATOR_TOKEN_KEY, hash);
}

/** Images whose folder of dependencies is not here are built anew from their manifests. */
function reinstall(database: Database.Database): number {
  const lost = rowsOf(database, "Image").filter(({ document }) =>
    isLost((JSON.parse(document) as { built: ImageFolder | null }).built),
  );
  for (const row of lost) change(database, "Image", row, { status: "INITIALIZED", reason: null, built: null });
  return lost.length;
}

/** Functions that were built on such an image follow when it is ready. */
function redeploy(database: Database.Database): void {
  const revision = database.prepare("select document from revisions where organization = ? and faas_id = ?").pluck();
  for (const row of rowsOf(database, "Function")) {
    const { serving } = JSON.parse(row.document) as { serving: string | null };
    const stored = revision.get(row.organization, serving ?? "") as string | undefined;
    if (stored !== undefined && isLost((JSON.parse(stored) as { revision: { image: ImageFolder } }).revision.image))
      change(database, "Function", row, { status: "INITIALIZED", reason: null, serving: null, built: false });
  }
}

function isLost(image: ImageFolder | null): boolean {
  return image?.folder !== undefined && !existsSync(image.folder);
}

function rowsOf(database: Database.Database, kind: string): Row[] {
  return database.prepare("select organization, name, document from resources where kind = ?").all(kind) as Row[];
}

function change(database: Database.Database, kind: string, { organization, name, document }: Row, now: object): void {
  const changed = JSON.stringify({ ...(JSON.parse(document) as object), ...now });
  database
    .prepare(
      "update resources set document = ?, generation = generation + 1 where organization = ? and kind = ? and name = ?",
    )
    .run(changed, organization, kind, name);
}
