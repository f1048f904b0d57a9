/** The lines of a program's output, bounded in length and in rate. */
import type { Readable } from "node:stream";
import { FloodGauge, type FloodLimits } from "../runtime/process/flood-gauge.ts";

/** UTF-16 units of one line; the rest of it is left out. */
const LONGEST_LINE = 8 * 1024;

const MEBIBYTE = 1024 * 1024;
/** Less than functions have: a driver's log keeps its last lines only, and whatever it writes costs the thread that serves all others. */
export const LINE_LIMITS: FloodLimits = { rate: 4 * MEBIBYTE, burst: 16 * MEBIBYTE };
/** What a line costs besides its bytes, in bytes. */
export const LINE_COST = 100;

export const FLOOD = `it wrote more output than a driver may (${LINE_LIMITS.rate / MEBIBYTE} MB a second)`;

/** Resolves at the end of the stream. `flooded` is called once when more comes than anybody can read. */
export function followLines(source: Readable, line: (text: string) => void, flooded: () => void): Promise<void> {
  const gauge = new FloodGauge(LINE_LIMITS);
  let rest = "";
  let isFlooded = false;
  source.setEncoding("utf8");
  source.on("data", (chunk: string) => {
    if (isFlooded) return;
    const lines = (rest + chunk).split("\n");
    if (gauge.overflows(chunk.length + LINE_COST * lines.length)) {
      isFlooded = true;
      flooded();
      return;
    }
    rest = (lines.pop() ?? "").slice(0, LONGEST_LINE);
    for (const text of lines) line(text.slice(0, LONGEST_LINE).replace(/\r$/, ""));
  });
  return new Promise((resolve) => {
    source.once("close", () => {
      if (rest !== "" && !isFlooded) line(rest);
      resolve();
    });
    source.on("error", () => undefined);
  });
}
