/** Text out of bytes: by the charset that the caller named, UTF-8 without one; nothing is ever garbled in silence. */
import { isUtf8 } from "node:buffer";
import { brokenByteText } from "../../core/shared/utf8.ts";
import { Refusal } from "./answer.ts";

/** Turns bytes into text. @throws Refusal 400 when they are no text of that charset. */
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

export const decodeUtf8: Decode = (bytes, what) => {
  if (isUtf8(bytes)) return bytes.toString();
  throw new Refusal(
    400,
    `${what} is not UTF-8 text (${brokenByteText(bytes)}): send UTF-8, or name the charset in Content-Type`,
  );
};

function decodeWith(decoder: TextDecoder, bytes: Buffer, what: string): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Refusal(400, `${what} is not text in the charset ${decoder.encoding} that Content-Type names`);
  }
}
