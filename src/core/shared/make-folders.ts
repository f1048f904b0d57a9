import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { codeOf } from "./message-of.ts";

/**
 * Makes a folder and those above it that are missing, from the top down. Node's own `recursive` never ends where a folder
 * is there and nothing can be made in it although nothing is missing: below /proc, or where homes are mounted on demand.
 */
export function makeFolders(folder: string, mode: number): void {
  if (isFolder(folder)) return;
  const above = dirname(folder);
  if (above !== folder) makeFolders(above, mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Another process was faster.
    if (codeOf(error) !== "EEXIST" || !isFolder(folder)) throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
