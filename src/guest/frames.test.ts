import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptyFrame, FrameReader, FrameType, HEADER_BYTES, textFrame } from "./frames.ts";

interface Frame {
  readonly type: number;
  readonly invocation: number;
  readonly body: string;
}

const collector = (limit: number): { reader: FrameReader; frames: Frame[] } => {
  const frames: Frame[] = [];
  const reader = new FrameReader((type, invocation, bytes, start, end) => {
    frames.push({ type, invocation, body: bytes.toString("utf8", start, end) });
  }, limit);
  return { reader, frames };
};

/** Cuts bytes at the given places. */
const pieces = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
};

describe("frames", () => {
  test("come out as they went in, however the stream is cut", () => {
    const frame = fc.record({
      type: fc.integer({ min: 0, max: 255 }),
      invocation: fc.integer({ min: 0, max: 0xffffffff }),
      body: fc.string({ unit: "grapheme", maxLength: 40 }),
    });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 30 }), (sent, cuts) => {
        const { reader, frames } = collector(1000);
        const bytes = Buffer.concat(sent.map(({ type, invocation, body }) => textFrame(type, invocation, body)));
        for (const piece of pieces(bytes, cuts)) expect(reader.feed(piece)).toBe(true);
        expect(frames).toEqual(sent);
      }),
    );
  });

  test("a body over the limit is refused as soon as its header is known", () => {
    for (const cut of [0, 5, HEADER_BYTES]) {
      const { reader, frames } = collector(10);
      const bytes = textFrame(FrameType.result, 1, "x".repeat(11));
      expect(pieces(bytes, [cut]).every((piece) => reader.feed(piece))).toBe(false);
      expect(frames).toEqual([]);
    }
  });

  test("a frame may be empty", () => {
    const { reader, frames } = collector(0);
    reader.feed(emptyFrame(FrameType.ready, 0));
    expect(frames).toEqual([{ type: FrameType.ready, invocation: 0, body: "" }]);
  });
});
