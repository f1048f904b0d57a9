/** Forms and queries as function input: one value is a string, several are an array (server.md 5.5). */
import { Busboy } from "@fastify/busboy";
import { messageOf } from "../../core/shared/message-of.ts";
import { Refusal } from "./answer.ts";
import { type Decode, decodeUtf8, QUERY } from "./charset.ts";

export type Field = readonly [name: string, value: string];

/** Fields of one form or query. */
const MAX_FIELDS = 1000;

/** In the order of the fields; the result has no prototype, so that no name is special. */
export function mergeFields(fields: Iterable<Field>): Record<string, string | string[]> {
  const merged: Record<string, string | string[]> = Object.create(null);
  for (const [name, value] of fields) {
    const known = merged[name];
    if (known === undefined) merged[name] = value;
    else if (typeof known === "string") merged[name] = [known, value];
    else known.push(value);
  }
  return merged;
}

/** What an urlencoded text is, in messages, and how its escaped bytes become text. */
export interface Urlencoded {
  readonly what: typeof QUERY | "request body";
  readonly decode: Decode;
}

const query: Urlencoded = { what: QUERY, decode: decodeUtf8 };

/**
 * Of a query or an urlencoded body, as the URL standard reads them, in a time that grows no faster than the text.
 * @throws Refusal 400 for more than 1,000 fields, or escapes that are no text.
 */
export function urlencodedFields(text: string, kind: Urlencoded = query): Field[] {
  return fieldsOf(
    kind === query && BEYOND_ASCII.test(text) ? decodeUtf8(Buffer.from(text, "latin1"), kind.what) : text,
    kind,
  );
}

/** Node reads a request line as Latin-1; who sends more than ASCII there means UTF-8. */
const BEYOND_ASCII = /[\x80-\xff]/;

function fieldsOf(text: string, kind: Urlencoded): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at < text.length; ) {
    const found = text.indexOf("&", at);
    const end = found < 0 ? text.length : found;
    if (end > at) {
      if (fields.length === MAX_FIELDS) throw new Refusal(400, `${kind.what} has more than ${MAX_FIELDS} fields`);
      fields.push(fieldOf(text.slice(at, end), kind));
    }
    at = end + 1;
  }
  return fields;
}

function fieldOf(piece: string, kind: Urlencoded): Field {
  const equals = piece.indexOf("=");
  if (equals < 0) return [unescaped(piece, kind), ""];
  return [unescaped(piece.slice(0, equals), kind), unescaped(piece.slice(equals + 1), kind)];
}

function unescaped(text: string, { what, decode }: Urlencoded): string {
  if (decode === decodeUtf8 && !text.includes("%") && !text.includes("+")) return text;
  return decode(escapedBytes(text, decode === decodeUtf8 ? "utf8" : "latin1"), what);
}

/** `+` is a blank, `%41` the byte 0x41; a percent sign that begins no escape stands for itself. */
function escapedBytes(text: string, encoding: "utf8" | "latin1"): Buffer {
  const bytes = Buffer.from(text, encoding);
  let size = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    const escaped = byte === 0x25 ? hexadecimal(bytes[at + 1]) * 16 + hexadecimal(bytes[at + 2]) : Number.NaN;
    if (!Number.isNaN(escaped)) at += 2;
    bytes[size++] = Number.isNaN(escaped) ? (byte === 0x2b ? 0x20 : byte) : escaped;
  }
  return bytes.subarray(0, size);
}

function hexadecimal(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : Number.NaN;
}

const PIECE = 16 * 1024;

const REPLACEMENT = "\ufffd";

/** Files are dropped. @throws Refusal 400 when the body is no such form. */
export function multipartFields(contentType: string, body: Buffer): Promise<Field[]> {
  const { promise, resolve, reject } = Promise.withResolvers<Field[]>();
  const fields: Field[] = [];
  let refused = false;
  const refuse = (cause: unknown): void => {
    refused = true;
    reject(new Refusal(400, `request body is not a multipart form: ${reason(cause)}`));
  };
  try {
    const limits = { fieldNameSize: 1024, fieldSize: body.length, fields: MAX_FIELDS, parts: MAX_FIELDS };
    const form = new Busboy({ headers: { "content-type": contentType }, limits });
    form.on("field", (name, value, nameCut) => {
      if (nameCut) refuse("a field name is longer than 1024 bytes");
      // The types do not say so, but a part may come without a name.
      if (typeof name !== "string") refuse("a field has no name");
      else fields.push([name, value]);
    });
    for (const limit of ["fieldsLimit", "partsLimit"] as const)
      form.on(limit, () => refuse(`more than ${MAX_FIELDS} fields`));
    form.on("error", refuse);
    form.on("finish", () => (isGarbled(fields, body) ? refuse("a field is not UTF-8 text") : resolve(fields)));
    // In pieces, so that nothing is read any more once it is refused.
    for (let at = 0; at < body.length && !refused; at += PIECE) form.write(body.subarray(at, at + PIECE));
    if (!refused) form.end();
  } catch (error) {
    refuse(error);
  }
  return promise;
}

/** The parser puts the replacement character where bytes are no text; unless it was sent, something was lost. */
function isGarbled(fields: readonly Field[], body: Buffer): boolean {
  return fields.some((field) => field.some((text) => text.includes(REPLACEMENT))) && !body.includes(REPLACEMENT);
}

function reason(cause: unknown): string {
  return messageOf(cause);
}
