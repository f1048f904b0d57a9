/** A seal says how far the audit log went at some time, in a way that nobody can write without the master key. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Link } from "./chain.ts";

export interface Seal extends Link {
  /** Rows up to this sequence were written by a version that had no key, and were sealed as they were found. */
  readonly unkeyedUntil: number;
  /** Entries before this place were accepted unchecked, after the check had failed; `beginning` when none were. */
  readonly from: Link;
  /** Entries up to this sequence are in files, and those before it no more in the database; absent when none are. */
  readonly archived?: number;
  /** Unix milliseconds. */
  readonly time: number;
}

/** One line of JSON. */
export function sealText(key: Buffer, seal: Seal): string {
  return JSON.stringify({ ...seal, mac: macOf(key, seal).toString("hex") });
}

/** Undefined when it was altered, or made under another master key. */
export function readSeal(key: Buffer, text: string): Seal | undefined {
  try {
    const { mac, ...seal } = JSON.parse(text) as Seal & { mac: string };
    const given = Buffer.from(mac, "hex");
    const expected = macOf(key, seal);
    return given.length === expected.length && timingSafeEqual(given, expected) ? seal : undefined;
  } catch {
    return undefined;
  }
}

function macOf(key: Buffer, { sequence, hash, count, unkeyedUntil, from, time, archived }: Seal): Buffer {
  const fields = [sequence, hash, count, unkeyedUntil, from.sequence, from.hash, from.count, time];
  const all = JSON.stringify(archived === undefined ? fields : [...fields, archived]);
  return createHmac("sha256", key).update(`seal\n${all}`).digest();
}
