import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { createOutputLines } from "./output-lines.ts";

async function linesOf(...chunks: string[]) {
  const lines: string[] = [];
  const output = createOutputLines((line) => lines.push(line));
  await output.follow(Readable.from(chunks.map((chunk) => Buffer.from(chunk))));
  return { lines, last: output.last() };
}

test("lines are whole however the output was cut, and the last needs no end", async () => {
  expect((await linesOf("on", "e\ntwo\r\nth", "ree")).lines).toEqual(["one", "two", "three"]);
});

test("empty lines and colours are left out, credentials in addresses are masked", async () => {
  const { lines } = await linesOf("\n\u001b[31mred\u001b[0m\nGET https://me:token@host/x http://me:to@ken@host\n");
  expect(lines).toEqual(["red", "GET https://***@host/x http://***@host"]);
});

test("a line without end is cut", async () => {
  const { lines } = await linesOf(...Array.from({ length: 100 }, () => "x".repeat(1000)));
  expect(lines.map((line) => line.length)).toEqual([2000]);
});

test("a flood is cut, and the last lines are kept all the same", async () => {
  const { lines, last } = await linesOf(Array.from({ length: 20_000 }, (_, index) => `${index}\n`).join(""));
  expect(lines).toHaveLength(5000);
  expect(last).toHaveLength(60);
  expect(last.at(-1)).toBe("19999");
});
