/** Differences of two texts in the unified format, which people and `patch` read. */
import { diff } from "node:util";

const contextLines = 3;

interface Line {
  /** ` ` in both, `-` before only, `+` after only. */
  readonly sign: " " | "-" | "+";
  readonly text: string;
}

/** `--- one`, `+++ other`, and a hunk per place that differs; "" when nothing does. */
export function unifiedDiff(names: readonly [before: string, after: string], before: string, after: string): string {
  if (before === after) return "";
  const lines = diff(splitLines(before), splitLines(after)).map(
    ([operation, text]): Line => ({ sign: operation === 0 ? " " : operation > 0 ? "-" : "+", text }),
  );
  const hunks = hunksOf(lines).map(([start, end]) => hunkText(lines, start, end));
  return [`--- ${names[0]}\n`, `+++ ${names[1]}\n`, ...hunks].join("");
}

function splitLines(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

/** Where hunks begin and end; those that would touch are one. */
function hunksOf(lines: readonly Line[]): [start: number, end: number][] {
  const hunks: [number, number][] = [];
  for (const [index, { sign }] of lines.entries()) {
    if (sign === " ") continue;
    const [start, end] = [Math.max(0, index - contextLines), Math.min(lines.length, index + contextLines + 1)];
    const last = hunks.at(-1);
    if (last && start <= last[1]) last[1] = end;
    else hunks.push([start, end]);
  }
  return hunks;
}

function hunkText(lines: readonly Line[], start: number, end: number): string {
  const shown = lines.slice(start, end);
  const body = shown.map(({ sign, text }) => `${sign}${text}\n`).join("");
  return `@@ -${span(lines, start, shown, "+")} +${span(lines, start, shown, "-")} @@\n${body}`;
}

/** First line and count of one side: all lines but those that only the other one has. */
function span(lines: readonly Line[], start: number, shown: readonly Line[], foreign: "+" | "-"): string {
  const count = shown.filter(({ sign }) => sign !== foreign).length;
  const before = lines.slice(0, start).filter(({ sign }) => sign !== foreign).length;
  // Of an empty side the line before it is named.
  return `${count === 0 ? before : before + 1},${count}`;
}
