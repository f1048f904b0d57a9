/** Rows as aligned text and as Markdown. */
import type { Row } from "./row.ts";

const headings = ["measure", "result", "goal", "", "beside"];

/** Columns padded to their widest cell, for a terminal. */
export function textTable(rows: readonly Row[]): string {
  const lines = [headings, ...rows.map(cells)];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export function markdownTable(rows: readonly Row[]): string {
  const line = (parts: readonly string[]): string => `| ${parts.join(" | ")} |`;
  return [line(headings), line(headings.map(() => "---")), ...rows.map((row) => line(cells(row)))].join("\n");
}

function cells({ measure, result, goal, met, beside }: Row): string[] {
  return [measure, result, goal, met === undefined ? "" : met ? "holds" : "MISSED", beside];
}
