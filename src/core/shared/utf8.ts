/** Bytes that should be text. */
import { isUtf8 } from "node:buffer";

/** What decoders put in place of bytes that they cannot read; a text may hold it, too. */
export const REPLACEMENT = "\uFFFD";
const REPLACEMENT_BYTES = Buffer.from(REPLACEMENT);

/** Bytes that are looked at together. */
const PIECE = 4096;

/** The place of the first byte that is not UTF-8, counted from 0; undefined when all of it is. */
export function brokenByte(bytes: Uint8Array): number | undefined {
  for (let start = 0; start < bytes.length; ) {
    const end = endOfPiece(bytes, start + PIECE);
    const piece = bytes.subarray(start, end);
    if (!isUtf8(piece)) return start + brokenIn(piece);
    start = end;
  }
  return undefined;
}

/** Not within a letter; four bytes in a row that continue one belong to none, so there the piece is broken anyway. */
function endOfPiece(bytes: Uint8Array, wanted: number): number {
  const ends = [wanted, wanted - 1, wanted - 2, wanted - 3];
  return Math.min(bytes.length, ends.find((end) => ((bytes[end] ?? 0) & 0xc0) !== 0x80) ?? wanted + 1);
}

function brokenIn(bytes: Uint8Array): number {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  let place = 0;
  let from = 0;
  for (let at = text.indexOf(REPLACEMENT); at !== -1; at = text.indexOf(REPLACEMENT, from)) {
    place += Buffer.byteLength(text.slice(from, at));
    if (!isReplacement(bytes, place)) return place;
    place += REPLACEMENT_BYTES.length;
    from = at + 1;
  }
  return bytes.length;
}

function isReplacement(bytes: Uint8Array, place: number): boolean {
  return REPLACEMENT_BYTES.equals(bytes.subarray(place, place + REPLACEMENT_BYTES.length));
}

/** Which byte is wrong: `byte 15 is 0xeb`. */
export function brokenByteText(bytes: Uint8Array): string {
  const place = brokenByte(bytes) ?? 0;
  return `byte ${place} is ${hexByte(bytes[place])}`;
}

/** `0xeb`. */
export function hexByte(byte: number | undefined): string {
  return `0x${(byte ?? 0).toString(16).padStart(2, "0")}`;
}

/**
 * Says which of the words is not UTF-8; Node replaces such bytes without a sign. Undefined when all are.
 * @param commandLine the process's own bytes, as `/proc/self/cmdline` has them
 */
export function brokenWord(words: readonly string[], commandLine: () => Buffer): string | undefined {
  if (!words.some((word) => word.includes(REPLACEMENT))) return undefined;
  const all = commandLine().toString("latin1").split("\0").slice(0, -1);
  const bytes = all.slice(-words.length).map((word) => Buffer.from(word, "latin1"));
  const index = bytes.findIndex((word) => brokenByte(word) !== undefined);
  const word = bytes[index];
  if (word === undefined) return undefined;
  return `argument ${index + 1} is not UTF-8 (byte ${brokenByte(word)}): type it in a terminal that uses UTF-8`;
}
