/** The administrator's token (decisions 15): made at the first start that needs it; the database holds its hash only. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import type { Database } from "../shared/ports.ts";
import { statement } from "../shared/statement.ts";

/** The row of `settings` that holds the hash. */
export const ADMINISTRATOR_TOKEN_KEY = "administrator-token-sha256";

const insertToken = statement((database, { hash }: { hash: string }) =>
  database.insertInto("settings").values({ organization: "", key: ADMINISTRATOR_TOKEN_KEY, value: hash }),
);

export interface AdministratorToken {
  /** Whether this is it; constant in time. */
  is(token: string): boolean;
  /** Proves that it is known here, see proof.ts: hexadecimal. */
  prove(text: string): string;
}

/** The token itself lies in `path`, 0600, where the command line on this machine finds it. */
export async function administratorToken(database: Database, path: string): Promise<AdministratorToken> {
  const known = await database.query
    .selectFrom("settings")
    .select("value")
    .where("key", "=", ADMINISTRATOR_TOKEN_KEY)
    .executeTakeFirst();
  const hash = known?.value ?? (await establish(database, path));
  return {
    is: (token) => timingSafeEqual(Buffer.from(sha256(token)), Buffer.from(hash)),
    prove: (text) => createHmac("sha256", hash).update(text).digest("hex"),
  };
}

async function establish(database: Database, path: string): Promise<string> {
  if (!existsSync(path))
    await writeFile(path, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  const hash = sha256((await readFile(path, "utf8")).trim());
  await database.commit([insertToken({ hash })]);
  return hash;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
