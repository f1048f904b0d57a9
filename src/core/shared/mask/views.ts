/** A text as it is, and what it says once its escapes are read: secrets are looked for in all of them. */

/** `origin[n]` is where the letter `n` of `text` stands in the text as it was; one more than letters. */
export interface View {
  readonly text: string;
  readonly origin?: Int32Array;
}

const JSON_ESCAPES = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/g;
const PERCENT_ESCAPES = /(?:%[0-9a-fA-F]{2})+/g;
const FORM_ESCAPES = /\+|(?:%[0-9a-fA-F]{2})+/g;
/** How many levels of JSON inside of JSON strings are read. */
const JSON_LEVELS = 3;

export function viewsOf(text: string): View[] {
  const views: View[] = [{ text }];
  let inner: View = { text };
  for (let level = 0; level < JSON_LEVELS && inner.text.includes("\\"); level++) {
    inner = decoded(inner, JSON_ESCAPES, jsonLetter);
    views.push(inner);
  }
  if (text.includes("%")) views.push(decoded({ text }, PERCENT_ESCAPES, percentLetters));
  if (text.includes("+")) views.push(decoded({ text }, FORM_ESCAPES, percentLetters));
  return views;
}

/** What an escaped stands for, and how many of its letters each of those takes. */
type Decode = (escaped: string, put: (letters: string, taken: number) => void) => void;

function decoded({ text, origin }: View, escapes: RegExp, decode: Decode): View {
  const places = new Int32Array(text.length + 1);
  const pieces: string[] = [];
  let count = 0;
  let read = 0;
  const keep = (until: number): void => {
    pieces.push(text.slice(read, until));
    while (read < until) places[count++] = read++;
  };
  for (const { 0: escaped, index } of text.matchAll(escapes)) {
    keep(index);
    decode(escaped, (letters, taken) => {
      pieces.push(letters);
      for (let letter = 0; letter < letters.length; letter++) places[count++] = read;
      read += taken;
    });
  }
  keep(text.length);
  places[count++] = read;
  const mapped = places.subarray(0, count);
  return { text: pieces.join(""), origin: origin === undefined ? mapped : mapped.map((place) => origin[place] ?? 0) };
}

const SHORT: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

const jsonLetter: Decode = (escaped, put) => {
  const kind = escaped.charAt(1);
  const letter = kind === "u" ? String.fromCharCode(Number.parseInt(escaped.slice(2), 16)) : (SHORT[kind] ?? kind);
  put(letter, escaped.length);
};

/** Reads the escapes as UTF-8, letter by letter; bytes that are not UTF-8 become U+FFFD. */
const percentLetters: Decode = (escaped, put) => {
  if (escaped === "+") {
    put(" ", 1);
    return;
  }
  const bytes = Buffer.from(escaped.replaceAll("%", ""), "hex");
  for (let at = 0; at < bytes.length; ) {
    const length = Math.min(lengthOf(bytes[at] ?? 0), bytes.length - at);
    const letters = bytes.toString("utf8", at, at + length);
    // There are never more letters than characters of the escapes.
    put(letters, 3 * length);
    at += length;
  }
};

/** Bytes of a letter, by its first. */
function lengthOf(byte: number): number {
  if (byte < 0xc0) return 1;
  if (byte < 0xe0) return 2;
  return byte < 0xf0 ? 3 : 4;
}
