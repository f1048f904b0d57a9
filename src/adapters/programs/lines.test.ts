/** The lines of a program's output. */
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { followLines } from "./lines.ts";

test("lines come whole, and long ones cut", async () => {
  const lines: string[] = [];
  const chunks = ["one\r\ntw", "o\n", `${"x".repeat(10_000)}\n`, "rest"];
  await followLines(
    Readable.from(chunks),
    (line) => lines.push(line),
    () => {},
  );
  expect(lines).toEqual(["one", "two", "x".repeat(8192), "rest"]);
});

test("a program that writes nothing but line ends floods, too, long before its bytes are many", async () => {
  const endless = Readable.from(
    (function* () {
      for (;;) yield "\n".repeat(1024);
    })(),
  );
  let count = 0;
  await followLines(
    endless,
    () => {
      count += 1;
    },
    () => endless.destroy(),
  );
  // 16 MB at once, where each line counts as 100 bytes, and 4 MB a second.
  expect(count).toBeLessThan(2_000_000);
});
