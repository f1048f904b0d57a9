/** Secret values never reach a log: each becomes `***`, also where it stands escaped as in JSON, a URL or a form. */
import { Automaton } from "./automaton.ts";
import { type View, viewsOf } from "./views.ts";

/** Values under three letters stay: hiding them would blot out everything. */
const SHORTEST = 3;

/** What the values of one secret look like. Made with the secret, and shared by whoever is given it. */
export class SecretMask {
  readonly #words: readonly string[];
  #automaton: Automaton | undefined;

  constructor(values: Readonly<Record<string, string>>) {
    this.#words = [...new Set(Object.values(values).flatMap(wordsOf))].filter(({ length }) => length >= SHORTEST);
  }

  /**
   * Appends the places of the values to `spans`: start and end in turn, in order, not overlapping. When the text was `cut`, its end may
   * be the beginning of a value, which counts as one.
   */
  find({ text, origin }: View, spans: number[], cut: boolean): void {
    if (this.#words.length === 0) return;
    this.#automaton ??= new Automaton(this.#words);
    const first = spans.length;
    const found = (start: number, end: number): void => {
      let from = origin?.[start] ?? start;
      while (spans.length > first && (spans.at(-1) ?? 0) > from) {
        spans.pop();
        from = Math.min(from, spans.pop() ?? from);
      }
      spans.push(from, origin?.[end] ?? end);
    };
    const begun = this.#automaton.search(text, found);
    if (cut && begun >= SHORTEST) found(text.length - begun, text.length);
  }
}

/** Logs have a value line by line, often without its indentation. */
function wordsOf(value: string): string[] {
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  const isWhole = lines.every((line) => line.length >= SHORTEST || line === "");
  return isWhole ? lines : [...lines, value];
}

/** The text without the values of any of these secrets. `cut` says that it may end in the middle of one. */
export function masked(masks: Iterable<SecretMask>, text: string, cut = false): string {
  const all = [...masks];
  if (all.length === 0 || text.length < SHORTEST) return text;
  const found: number[][] = [];
  for (const view of viewsOf(text)) {
    for (const mask of all) {
      const spans: number[] = [];
      mask.find(view, spans, cut);
      if (spans.length > 0) found.push(spans);
    }
  }
  return found.length === 0 ? text : replaced(text, found.length === 1 ? (found[0] ?? []) : united(found));
}

/** Spans of several searches: those that overlap become one. */
function united(found: readonly (readonly number[])[]): number[] {
  const pairs = found.flatMap((spans) => pairsOf(spans)).sort(([a], [b]) => a - b);
  const spans: number[] = [];
  let end = -1;
  for (const [from, to] of pairs) {
    if (from < end) spans[spans.length - 1] = end = Math.max(end, to);
    else {
      spans.push(from, to);
      end = to;
    }
  }
  return spans;
}

function pairsOf(spans: readonly number[]): [number, number][] {
  const pairs: [number, number][] = [];
  for (let at = 0; at < spans.length; at += 2) pairs.push([spans[at] ?? 0, spans[at + 1] ?? 0]);
  return pairs;
}

function replaced(text: string, spans: readonly number[]): string {
  const pieces: string[] = [];
  let at = 0;
  for (let n = 0; n < spans.length; n += 2) {
    pieces.push(text.slice(at, spans[n]), "***");
    at = spans[n + 1] ?? at;
  }
  pieces.push(text.slice(at));
  return pieces.join("");
}
