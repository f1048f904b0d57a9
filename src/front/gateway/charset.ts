/** Text out of bytes: by the charset that the caller named, UTF-8 without one; nothing is ever garbled in silence. */
import { isUtf8 } from "node:buffer";
import { brokenByteText } from "../../core/shared/utf8.ts";
import { Refusal } from "./answer.ts";

/** Turns bytes into text; `what` they are is for messages. @throws Refusal 400 when they are no text of that charset. */
export type Decode = (bytes: Buffer, what: string) => string;

/** The charset that a Content-Type names, in lower case; UTF-8 when it names none. */
export function charsetOf(contentType: string): string {
  return /;\s*charset\s*=\s*["']?([^\s;,"']+)/i.exec(contentType)?.[1]?.toLowerCase() ?? "utf-8";
}

/** @throws Refusal 415 for a charset that nobody knows. */
export function decoderOf(charset: string): Decode {
  if (charset === "utf-8" || charset === "utf8") return decodeUtf8;
  try {
    const decoder = new TextDecoder(charset, { fatal: true });
    return (bytes, what) => decodeWith(decoder, bytes, what);
  } catch {
    throw new Refusal(415, `charset ${JSON.stringify(charset)} is not known: send UTF-8`);
  }
}

/** No header names the charset of a query. */
export const QUERY = "the query";

export const decodeUtf8: Decode = (bytes, what) => {
  if (isUtf8(bytes)) return bytes.toString();
  const instead = what === QUERY ? "" : ", or name the charset in Content-Type";
  throw new Refusal(400, `${what} is not UTF-8 text (${brokenByteText(bytes)}): send UTF-8${instead}`);
};

/** The byte order mark of UTF-16 with the high byte first: it counts more than the name, which may be the bare `utf-16`. */
const BIG_ENDIAN = Buffer.from([0xfe, 0xff]);

const bigEndian = (): TextDecoder => new TextDecoder("utf-16be", { fatal: true });

function decodeWith(decoder: TextDecoder, bytes: Buffer, what: string): string {
  try {
    const order = BIG_ENDIAN.equals(bytes.subarray(0, 2)) && decoder.encoding === "utf-16le" ? bigEndian() : decoder;
    return order.decode(bytes);
  } catch {
    throw new Refusal(400, `${what} is not text in the charset ${decoder.encoding} that Content-Type names`);
  }
}
