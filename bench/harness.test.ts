/** Only that the harness runs: with tiny counts its figures mean nothing, so none is judged. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { gauge } from "./gauges.ts";
import { AnswerReader } from "./http-answer.ts";
import { readOptions } from "./options.ts";
import { atLeast, atMost } from "./row.ts";
import { median, percentile } from "./statistics.ts";
import { textTable } from "./table.ts";

const root = join(import.meta.dirname, "..");
const isBuilt = existsSync(join(root, "dist/server/main.js"));
const tiny = ["--rounds", "1", "--requests", "20", "--clients", "2", "--cold-functions", "1", "--burst", "2"];
const one = ["--language", "nodejs", "--cold-calls", "1"];
const tinier = ["--deployments", "1", "--stored-runs", "60", "--pairs", "1", "--queued", "200"];
const idle = ["--scheduled", "20", "--idle-seconds", "1"];

test.skipIf(!isBuilt)(
  `every measure runs and prints its rows${isBuilt ? "" : " (skipped: run npm run setup first)"}`,
  // Every measure starts servers of its own: a minute and a half where cores are shared with much else.
  { timeout: 300_000 },
  async () => {
    const args = [join(root, "bench/main.ts"), ...tiny, ...tinier, ...idle, ...one];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const measured = [
      "through REST",
      "through gateway",
      "create to READY, python3",
      "cold call",
      "first answer from nothing, nodejs",
      "latest 50",
      "get functions",
      "inside a warm function",
      "wait for their time",
      /200 events that wait and two kills of the server: lost +0 events/,
      /200 events that wait .* order of their subscription +0 events/,
    ];
    for (const words of measured) expect(stdout).toMatch(words);
    expect(stdout).not.toContain("NaN");
  },
);

describe("options", () => {
  test("counts have defaults and can be given", () => {
    expect(readOptions(["--rounds", "3"])).toMatchObject({ rounds: 3, clients: 32, write: false });
  });

  test("a count that is no positive number is refused by name", () => {
    expect(() => readOptions(["--clients", "0"])).toThrow(/--clients must be a whole number above 0/);
  });
});

test("the median of an even number of samples lies between the middle two", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(percentile([3, 1, 2], 0.5)).toBe(2);
});

test("answers are found wherever the bytes are cut", () => {
  const bytes = Buffer.from(`${answer(200, "first")}${answer(404, "second")}`);
  const statuses: number[] = [];
  const reader = new AnswerReader((status) => statuses.push(status));
  for (const byte of bytes) reader.feed(Buffer.from([byte]));
  expect(statuses).toEqual([200, 404]);
});

function answer(status: number, body: string): string {
  return `HTTP/1.1 ${status} Some Words\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

test("a gauge is summed over its labels, or read for one function", () => {
  const text = 'workers{function="a"} 1\nworkers{function="b"} 2\nworkers_more 9\n';
  expect(gauge(text, "workers")).toBe(3);
  expect(gauge(text, "workers", "b")).toBe(2);
});

test("rows are aligned and say whether their goal holds", () => {
  const rows = [atMost("short", 1, 2, "ms"), atLeast("a longer name", 1, 2, "/s")];
  expect(textTable(rows).split("\n").slice(1)).toEqual([
    "short          1 ms    <= 2 ms  holds",
    "a longer name  1 /s    >= 2 /s  MISSED",
  ]);
});
