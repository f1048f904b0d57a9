/** Checks the chain of the audit log, row by row, in the order of their sequence. */
import { createHash } from "node:crypto";
import type { AuditTable } from "../shared/database-schema.ts";
import { entryKey, entryText } from "./audit.ts";

/** A place in the chain. */
export interface Link {
  /** 0 before the first row. */
  readonly sequence: number;
  readonly hash: string;
  /** Rows up to here. */
  readonly count: number;
}

export const beginning: Link = { sequence: 0, hash: "", count: 0 };

export class Chain {
  readonly #key: Buffer;
  /** Rows up to this sequence were written by a version that had no key. */
  readonly #unkeyedUntil: number;
  #link: Link;

  constructor(key: Buffer, unkeyedUntil: number, from: Link = beginning) {
    this.#key = key;
    this.#unkeyedUntil = unkeyedUntil;
    this.#link = from;
  }

  get link(): Link {
    return this.#link;
  }

  /** False when the row was altered, or follows one that was removed; the chain then ends before it. */
  add(row: AuditTable): boolean {
    const { hash } = row;
    const sequence = Number(row.sequence);
    if (hash !== this.#hashOf(row, sequence)) return false;
    this.#link = { sequence, hash, count: this.#link.count + 1 };
    return true;
  }

  #hashOf(row: AuditTable, sequence: number): string | undefined {
    const inner = sha256(this.#link.hash + entryText(row));
    if (row.nonce !== null) return sha256(entryKey(this.#key, row.nonce) + inner);
    return sequence <= this.#unkeyedUntil ? inner : undefined;
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
