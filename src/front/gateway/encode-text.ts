/** A text answer in the charset that its function named, or with the label that is true: never bytes under another name. */
import type { Answer } from "./answer.ts";
import { charsetOf } from "./charset.ts";

type Encode = (text: string) => Buffer | undefined;

/** `answer.body` as the bytes that its Content-Type promises; where the charset cannot hold the text, UTF-8 and a label that says so. */
export function encoded(answer: Answer): Answer {
  const { body, headers } = answer;
  if (typeof body !== "string") return answer;
  const name = Object.keys(headers).find((key) => key.toLowerCase() === "content-type");
  const type = name === undefined ? undefined : headers[name];
  if (name === undefined || typeof type !== "string") return answer;
  const charset = charsetOf(type);
  if (charset === "utf-8" || charset === "utf8") return answer;
  const bytes = encoderOf(charset)?.(body);
  if (bytes !== undefined) return { ...answer, body: bytes };
  return {
    ...answer,
    headers: { ...headers, [name]: type.replace(/(;\s*charset\s*=\s*)("[^"]*"|'[^']*'|[^\s;,]+)/i, "$1utf-8") },
  };
}

/** Undefined for a charset that has no simple table. */
function encoderOf(charset: string): Encode | undefined {
  if (/^(us-)?ascii$/.test(charset)) return (text) => encodeBy(ASCII, text);
  if (!TABLED.test(charset)) return wide[charset];
  try {
    const table = tables.get(charset) ?? tableOf(charset);
    tables.set(charset, table);
    return (text) => encodeBy(table, text);
  } catch {
    return undefined;
  }
}

/** Charsets of one byte a letter. */
const TABLED =
  /^(iso[-_]?8859[-_]?\d+|latin-?\d|l\d|(x-)?cp125\d|windows-(125\d|874)|koi8-[ru]|ibm866|cp866|macintosh|tis-620)$/;
/** Here browsers read letters where others read control characters, so both agree only on the rest. */
const DISPUTED = /^(iso|latin|l\d|tis)/;

const wide: Readonly<Record<string, Encode>> = {
  "utf-16le": (text) => Buffer.from(text, "utf16le"),
  "utf-16be": (text) => Buffer.from(text, "utf16le").swap16(),
  "utf-16": (text) => Buffer.from(`\uFEFF${text}`, "utf16le"),
};

const ASCII: ReadonlyMap<string, number> = new Map(
  Array.from({ length: 128 }, (_, byte) => [String.fromCharCode(byte), byte]),
);

const tables = new Map<string, ReadonlyMap<string, number>>();

/** From letters to bytes: what the decoder says, turned round. @throws RangeError for a charset that nobody knows */
function tableOf(charset: string): ReadonlyMap<string, number> {
  const decoder = new TextDecoder(charset.replace(/^latin-/, "latin").replace(/^iso[-_]?8859[-_]?/, "iso-8859-"));
  const table = new Map(ASCII);
  const first = DISPUTED.test(charset) ? 0xa0 : 0x80;
  for (let byte = first; byte < 256; byte++) table.set(decoder.decode(Buffer.of(byte)), byte);
  table.delete("\uFFFD");
  return table;
}

/** Undefined when a letter has no byte. */
function encodeBy(table: ReadonlyMap<string, number>, text: string): Buffer | undefined {
  const bytes = Buffer.alloc(text.length);
  for (let at = 0; at < text.length; at++) {
    const byte = table.get(text.charAt(at));
    if (byte === undefined) return undefined;
    bytes[at] = byte;
  }
  return bytes;
}
