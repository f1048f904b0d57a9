/** The lines of a program's output, bounded in length and in rate. */
import type { Readable } from "node:stream";
import { FloodGauge, OUTPUT_LIMITS } from "../runtime/process/flood-gauge.ts";

/** UTF-16 units of one line; the rest of it is left out. */
const LONGEST_LINE = 8 * 1024;

/** Resolves at the end of the stream. `flooded` is called once when more comes than anybody can read. */
export function followLines(source: Readable, line: (text: string) => void, flooded: () => void): Promise<void> {
  const gauge = new FloodGauge(OUTPUT_LIMITS);
  let rest = "";
  let isFlooded = false;
  source.setEncoding("utf8");
  source.on("data", (chunk: string) => {
    if (isFlooded) return;
    if (gauge.overflows(chunk.length)) {
      isFlooded = true;
      flooded();
      return;
    }
    const lines = (rest + chunk).split("\n");
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
