import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LogRecord, type StreamName, StreamSplitter } from "./log-capture.ts";

const MARKER = "0123456789abcdef";

const markerOf = (invocation: number): string => `\0${MARKER}:${invocation.toString(16).padStart(8, "0")}\n`;

const collector = (wanted = true, longestLine = 1000) => {
  const heard: string[] = [];
  const left = { bytes: 0 };
  const splitter = new StreamSplitter(MARKER, longestLine, {
    wants: () => wanted,
    line: (text) => heard.push(text),
    leftOut: (bytes) => {
      left.bytes += bytes;
    },
    marker: (invocation) => heard.push(`<${invocation}>`),
  });
  return { splitter, heard, left };
};

const feedCut = (splitter: StreamSplitter, text: string, cuts: readonly number[]): void => {
  const bytes = Buffer.from(text);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length];
  places.slice(1).forEach((end, index) => {
    if (end > (places[index] ?? 0)) splitter.feed(bytes.subarray(places[index], end));
  });
};

describe("a stream", () => {
  test("is cut into the lines of each run, however its bytes arrive", () => {
    const line = fc.string({ unit: "grapheme", maxLength: 20 }).map((text) => text.replaceAll("\n", " "));
    fc.assert(
      fc.property(fc.array(fc.array(line, { maxLength: 5 }), { maxLength: 5 }), fc.array(fc.nat()), (runs, cuts) => {
        const { splitter, heard } = collector();
        const text = runs.map((lines, index) => lines.map((one) => `${one}\n`).join("") + markerOf(index + 1)).join("");
        feedCut(splitter, text, cuts);
        expect(heard).toEqual(runs.flatMap((lines, index) => [...lines, `<${index + 1}>`]));
      }),
    );
  });

  test("gives a last line without a newline to its run", () => {
    const { splitter, heard } = collector();
    splitter.feed(Buffer.from(`one\ntwo${markerOf(255)}three`));
    splitter.end();
    expect(heard).toEqual(["one", "two", "<255>", "three"]);
  });

  test("gives an endless line in pieces, and still sees the marker after it", () => {
    const { splitter, heard } = collector(true, 100);
    for (let written = 0; written < 1000; written += 50) splitter.feed(Buffer.from("x".repeat(50)));
    splitter.feed(Buffer.from(markerOf(7)));
    expect(heard.slice(0, -1).join("")).toBe("x".repeat(1000));
    expect(heard.at(-1)).toBe("<7>");
  });

  test("looks for nothing but markers when its lines are not wanted", () => {
    const { splitter, heard, left } = collector(false);
    feedCut(splitter, `${"x\n".repeat(100)}y${markerOf(3)}z\n${markerOf(4)}`, [3, 150, 205, 210, 230]);
    expect(heard).toEqual(["<3>", "<4>"]);
    expect(left.bytes).toBe(203);
  });
});

describe("a run's record", () => {
  const recordOf = (limit: number): { record: LogRecord; heard: string[] } => {
    const heard: string[] = [];
    const log = (stream: StreamName, line: string): void => void heard.push(`${stream}: ${line}`);
    return { record: new LogRecord(limit, { log }), heard };
  };

  test("has null for a stream that said nothing", () => {
    const { record } = recordOf(100);
    expect(record.logs).toEqual({ stdout: null, stderr: null });
    record.add("stderr", "a", 2);
    expect(record.logs).toEqual({ stdout: null, stderr: ["a"] });
  });

  test("ends at its limit, over both streams, with one line that says so", () => {
    const { record, heard } = recordOf(1024 * 1024);
    record.add("stdout", "a", 1024 * 1024 - 7);
    record.add("stderr", "bé€é".repeat(100), 801);
    record.add("stderr", "c", 1);
    record.leaveOut(5);
    const sentence = "... log limit of 1 MB reached, the rest is left out";
    expect(record.logs).toEqual({ stdout: ["a"], stderr: ["bé€", `${sentence} (800 bytes)`] });
    expect(heard).toEqual(["stdout: a", "stderr: bé€", `stderr: ${sentence}`]);
    expect(record.full).toBe(true);
  });
});
