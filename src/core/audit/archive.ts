/**
 * Old entries of the audit log as a file: lines of JSON, one for each entry, and the seal of the last one at its end. It is read
 * back and its chain is checked before anybody may delete what it holds.
 */
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { AuditTable } from "../shared/database-schema.ts";
import { OwnError } from "../shared/own-error.ts";
import { replaceFile } from "../shared/replace-file.ts";
import { makeFolder } from "../shared/sync-folder.ts";
import { Chain, type Link } from "./chain.ts";
import { readSeal, type Seal, sealText } from "./seal.ts";

/** Writes and checks the file; its name. The entries follow `before`. @throws Error when it does not hold them */
export async function writeArchive(
  folder: string,
  entries: readonly AuditTable[],
  { key, seal, before }: { readonly key: Buffer; readonly seal: Seal; readonly before: Link },
): Promise<string> {
  await makeFolder(folder);
  const first = Number(entries[0]?.sequence ?? seal.sequence);
  const name = `audit-${first}-${seal.sequence}.jsonl`;
  const lines = [...entries.map((entry) => JSON.stringify(plain(entry))), sealText(key, seal)];
  await replaceFile(join(folder, name), `${lines.join("\n")}\n`, { mode: 0o600 });
  await checkArchive(join(folder, name), { key, before, unkeyedUntil: seal.unkeyedUntil });
  return name;
}

/** The last entry of a file whose chain is whole, from the entry before it on. @throws Error with what is wrong with it */
export async function checkArchive(
  path: string,
  { key, before, unkeyedUntil }: { readonly key: Buffer; readonly before: Link; readonly unkeyedUntil: number },
): Promise<Link> {
  const chain = new Chain(key, unkeyedUntil, before);
  let seal: Seal | undefined;
  for await (const line of createInterface({ input: createReadStream(path, "utf8") })) {
    if (seal !== undefined) throw new OwnError(`${path} goes on behind its seal`);
    seal = readSeal(key, line);
    if (seal === undefined && !isNext(chain, line))
      throw new OwnError(`${path} does not hold the entry behind ${chain.link.sequence} as it was`);
  }
  if (seal?.sequence !== chain.link.sequence || seal.hash !== chain.link.hash)
    throw new OwnError(`${path} does not end with the seal of its last entry`);
  return chain.link;
}

function isNext(chain: Chain, line: string): boolean {
  try {
    return chain.add(JSON.parse(line) as AuditTable);
  } catch {
    return false;
  }
}

/** Databases give numbers of that size in different forms. */
function plain(entry: AuditTable): AuditTable {
  return { ...entry, sequence: Number(entry.sequence), time: Number(entry.time) };
}
