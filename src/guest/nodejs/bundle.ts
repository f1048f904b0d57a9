/** Unpacks a bundle (PROTOCOL.md) into the function's folder. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

interface Entry {
  readonly path: string;
  readonly mode: number;
  readonly size: number;
}

/** Gives the paths of its files. */
export const writeBundle = (bundle: Buffer, folder: string): string[] => {
  const start = 4 + bundle.readUInt32BE(0);
  const entries = JSON.parse(bundle.toString("utf8", 4, start)) as readonly Entry[];
  let at = start;
  mkdirSync(folder, { recursive: true });
  for (const { path, mode, size } of entries) {
    const file = join(folder, path);
    if (path.includes("/")) mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bundle.subarray(at, at + size), { mode });
    at += size;
  }
  return entries.map(({ path }) => path);
};
