import { distance } from "../shared/nearest.ts";
import type { SourceFile } from "../shared/source-file.ts";

/** A bound on the work: a hint is not worth more, and what is compared comes from strangers. */
const COMPARED = { files: 500, letters: 100 };

/** The files by likeness of their path to what somebody typed, the likeliest first. */
export function nearestFirst(typed: string, files: readonly SourceFile[]): SourceFile[] {
  return files
    .slice(0, COMPARED.files)
    .map((file) => ({
      file,
      distance: distance(typed.slice(0, COMPARED.letters), file.path.slice(0, COMPARED.letters)),
    }))
    .sort((a, b) => a.distance - b.distance)
    .map(({ file }) => file);
}
