import type { BigIntStats } from "node:fs";

/** What changes whenever the content of a file does, or another file takes its place. */
export type FileMark = string;

export function fileMark({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileMark {
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}
