import type { SourceFile } from "../shared/source-file.ts";

/** A bound on the work: a hint is not worth more, and what is compared comes from strangers. */
const COMPARED = { files: 500, letters: 100 };

/** The files by likeness of their path to what somebody typed, the likeliest first. */
export function nearestFirst(typed: string, files: readonly SourceFile[]): SourceFile[] {
  return files
    .slice(0, COMPARED.files)
    .map((file) => ({
      file,
      distance: editDistance(typed.slice(0, COMPARED.letters), file.path.slice(0, COMPARED.letters)),
    }))
    .sort((a, b) => a.distance - b.distance)
    .map(({ file }) => file);
}

/** Levenshtein: the least number of letters to insert, drop or replace. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [line, letter] of Array.from(from).entries()) {
    const next = [line + 1];
    for (const [column, other] of Array.from(to).entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
