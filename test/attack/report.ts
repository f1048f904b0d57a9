/** What the red team says: a line for each attack, and one table at the end. */
import type { Tried } from "./red-team.ts";

const headings = ["attack", "group", "verdict", "detail"];

export function verdictWord({ held }: Pick<Tried, "held">): string {
  if (held === undefined) return "not tried";
  return held ? "held" : "SUCCEEDED";
}

export function progressLine(tried: Tried): string {
  return `${verdictWord(tried).padEnd(9)}  ${tried.seconds.toFixed(1).padStart(5)} s  ${tried.group}: ${tried.name}`;
}

/** Columns padded to their widest cell. */
export function table(all: readonly Tried[]): string {
  const rows = all.map((tried) => [tried.name, tried.group, verdictWord(tried), tried.detail]);
  const widths = headings.map((_, column) => Math.max(...[headings, ...rows].map((row) => row[column]?.length ?? 0)));
  return [headings, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function summary(all: readonly Tried[]): string {
  const count = (word: string): number => all.filter((tried) => verdictWord(tried) === word).length;
  return `${count("held")} held, ${count("SUCCEEDED")} succeeded, ${count("not tried")} not tried`;
}
