/**
 * Finds many words in a text in one pass (Aho and Corasick, 1975): the time grows with the text, that of building and the
 * memory (22 bytes for each letter) with the words, whatever they are. A regular expression of as many words would be
 * refused as too large, with all of them in its message.
 */
import { randomInt } from "node:crypto";

/** Random at each start, so that nobody can choose words whose edges all collide in the hash table. */
const SEED = randomInt(2 ** 31) * 2 + 1;

/** Is told where a word was found. */
export type Found = (from: number, to: number) => void;

export class Automaton {
  /** Of each node: the letter that leads to it, and where from. Node 0 is the beginning of every word. */
  readonly #letter: Uint16Array;
  readonly #parent: Int32Array;
  /** The node for the longest proper suffix of this node's text that is also a prefix of a word. */
  readonly #fallback: Int32Array;
  /** The length of the longest word that ends here; 0 for none. */
  readonly #longest: Int32Array;
  /** Children by parent and letter, found by hash; 0 is an empty place. */
  readonly #edges: Int32Array;
  readonly #shift: number;

  constructor(words: readonly string[]) {
    const most = 1 + words.reduce((sum, { length }) => sum + length, 0);
    const bits = Math.max(4, Math.ceil(Math.log2(most * 2)));
    this.#letter = new Uint16Array(most);
    this.#parent = new Int32Array(most);
    this.#fallback = new Int32Array(most);
    this.#longest = new Int32Array(most);
    this.#edges = new Int32Array(2 ** bits);
    this.#shift = 32 - bits;
    this.#link(this.#insertAll(words));
  }

  /** For each place where a word ends, the longest that does. Returns how many letters at the end begin a word. */
  search(text: string, found: Found): number {
    let node = 0;
    for (let at = 0; at < text.length; at++) {
      node = this.#next(node, text.charCodeAt(at));
      const length = this.#longest[node] ?? 0;
      if (length > 0) found(at + 1 - length, at + 1);
    }
    return this.#depth(node);
  }

  #depth(node: number): number {
    let depth = 0;
    for (let above = node; above !== 0; above = this.#parent[above] ?? 0) depth++;
    return depth;
  }

  /** Returns the depth of every node. */
  #insertAll(words: readonly string[]): Int32Array {
    const depths = new Int32Array(this.#letter.length);
    let count = 1;
    for (const word of words) {
      let node = 0;
      for (let at = 0; at < word.length; at++) {
        const letter = word.charCodeAt(at);
        const place = this.#place(node, letter);
        if (this.#edges[place] === 0) {
          this.#edges[place] = count;
          this.#letter[count] = letter;
          this.#parent[count] = node;
          depths[count++] = at + 1;
        }
        node = this.#edges[place] ?? 0;
      }
      this.#longest[node] = word.length;
    }
    return depths.subarray(0, count);
  }

  /** Shallow nodes first: what a node falls back to is shallower than the node. */
  #link(depths: Int32Array): void {
    for (const node of byDepth(depths)) {
      const parent = this.#parent[node] ?? 0;
      if (node === 0) continue;
      const fallback = parent === 0 ? 0 : this.#next(this.#fallback[parent] ?? 0, this.#letter[node] ?? 0);
      this.#fallback[node] = fallback;
      if (this.#longest[node] === 0) this.#longest[node] = this.#longest[fallback] ?? 0;
    }
  }

  #next(from: number, letter: number): number {
    for (let node = from; ; node = this.#fallback[node] ?? 0) {
      const child = this.#edges[this.#place(node, letter)] ?? 0;
      if (child !== 0 || node === 0) return child;
    }
  }

  /** The index of the edge in the hash table, or the empty one where it belongs. */
  #place(node: number, letter: number): number {
    const last = this.#edges.length - 1;
    let place = Math.imul(Math.imul(node ^ SEED, 0x9e3779b1) ^ letter, 0x85ebca6b) >>> this.#shift;
    for (;;) {
      const child = this.#edges[place] ?? 0;
      if (child === 0 || (this.#parent[child] === node && this.#letter[child] === letter)) return place;
      place = (place + 1) & last;
    }
  }
}

/** The numbers of the nodes, ordered by counting. */
function byDepth(depths: Int32Array): Int32Array {
  const deepest = depths.reduce((most, depth) => Math.max(most, depth), 0);
  const starts = new Int32Array(deepest + 2);
  for (const depth of depths) starts[depth + 1] = (starts[depth + 1] ?? 0) + 1;
  for (let depth = 1; depth < starts.length; depth++) starts[depth] = (starts[depth] ?? 0) + (starts[depth - 1] ?? 0);
  const ordered = new Int32Array(depths.length);
  for (const [node, depth] of depths.entries()) {
    const place = starts[depth] ?? 0;
    ordered[place] = node;
    starts[depth] = place + 1;
  }
  return ordered;
}
