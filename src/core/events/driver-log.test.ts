/** What is kept of a driver's output. */
import { expect, test } from "vitest";
import { DriverLog } from "./driver-log.ts";

test("keeps the last thousand lines, and a million letters at most", () => {
  const log = new DriverLog();
  for (let count = 1; count <= 12_345; count += 1) log.add("stdout", `line ${count}`);
  const lines = log.since(0);
  expect([lines.length, lines[0]?.text, lines.at(-1)?.text]).toEqual([1000, "line 11346", "line 12345"]);
  expect(log.since(12_344).map(({ text }) => text)).toEqual(["line 12345"]);
  for (let count = 0; count < 500; count += 1) log.add("stderr", "x".repeat(8192));
  expect(log.since(0).length).toBe(128);
  expect(log.lastWords).toBe("x".repeat(500));
});
