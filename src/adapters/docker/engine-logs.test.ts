/** The frames of a container's output. */
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { partStreams, textOfLogs } from "./engine-logs.ts";

const frame = (stream: 1 | 2, words: string): Buffer => {
  const body = Buffer.from(words);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(body.length, 4);
  return Buffer.concat([header, body]);
};

const WORDS = [
  frame(1, "first\n"),
  frame(2, "wrong é\n"),
  frame(1, ""),
  frame(1, "x".repeat(300_000)),
  frame(2, "end"),
];

test("both streams come apart, wherever the engine cuts what it sends", async () => {
  const all = Buffer.concat(WORDS);
  for (const size of [1, 3, 8, 9, 65_536]) {
    const pieces = Array.from({ length: Math.min(Math.ceil(all.length / size), 2000) }, (_, index) =>
      all.subarray(index * size, index === 1999 ? all.length : (index + 1) * size),
    );
    const { stdout, stderr } = partStreams(Readable.from(pieces));
    const [out, err] = await Promise.all([text(stdout), text(stderr)]);
    expect(out).toBe(`first\n${"x".repeat(300_000)}`);
    expect(err).toBe("wrong é\nend");
  }
});

test("a stream that breaks ends both, with what came before", async () => {
  const broken = Readable.from(
    (function* () {
      yield frame(1, "before");
      throw new Error("the engine is gone");
    })(),
  );
  const { stdout, stderr } = partStreams(broken);
  expect(await Promise.all([text(stdout), text(stderr)])).toEqual(["before", ""]);
});

test("kept output is one text, and a frame that was cut off shows what there is of it", () => {
  expect(textOfLogs(Buffer.concat([frame(1, "a\n"), frame(2, "b\n")]))).toBe("a\nb\n");
  expect(textOfLogs(frame(1, "whole").subarray(0, 11))).toBe("who");
});
