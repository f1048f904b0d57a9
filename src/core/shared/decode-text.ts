/** The text of bytes that people saved: decoded where that is certain, refused where letters would have to be guessed. */
import { isUtf8 } from "node:buffer";
import { brokenByte, hexByte } from "./utf8.ts";

/** Bytes that are no text in a known encoding; the message names the file and the byte. */
export class NotTextError extends Error {
  override name = "NotTextError";
}

/**
 * UTF-8 with or without a byte order mark, UTF-16 with one. The mark is no part of the text.
 * @param name of the file, for messages
 * @throws NotTextError
 */
export function decodeText(bytes: Buffer, name: string): string {
  const encoding = markedEncoding(bytes);
  if (encoding === "UTF-32") throw new NotTextError(`${name} is UTF-32: ${saveAs}`);
  if (encoding !== undefined) return decodeUtf16(bytes, encoding, name);
  if (!isUtf8(bytes)) throw notUtf8(bytes, name);
  const zero = bytes.indexOf(0);
  if (zero !== -1) throw new NotTextError(`${name} is not text: byte ${zero} is zero${utf16Hint(bytes)}; ${saveAs}`);
  return bytes.toString("utf8").replace(/^\uFEFF/, "");
}

const saveAs = "save it as UTF-8";

/** What the first bytes say. The mark of UTF-32 begins like that of UTF-16. */
function markedEncoding(bytes: Buffer): "utf-16le" | "utf-16be" | "UTF-32" | undefined {
  const mark = bytes.subarray(0, 4).toString("hex");
  if (mark === "fffe0000" || mark === "0000feff") return "UTF-32";
  if (mark.startsWith("fffe")) return "utf-16le";
  return mark.startsWith("feff") ? "utf-16be" : undefined;
}

function decodeUtf16(bytes: Buffer, encoding: "utf-16le" | "utf-16be", name: string): string {
  if (bytes.length % 2 === 1)
    throw new NotTextError(`${name} is cut off: UTF-16 has two bytes for each letter; ${saveAs}`);
  const text = (encoding === "utf-16le" ? bytes : Buffer.from(bytes).swap16()).toString("utf16le");
  // Half of a letter that needs two units: it would be replaced on its way.
  const half = /\p{Surrogate}/u.exec(text)?.index;
  if (half !== undefined) throw new NotTextError(`${name} is not UTF-16 (byte ${half * 2}): ${saveAs}`);
  return text.slice(1);
}

function notUtf8(bytes: Buffer, name: string): NotTextError {
  const place = brokenByte(bytes) ?? 0;
  const line = bytes.subarray(0, place).toString("latin1").split("\n").length;
  return new NotTextError(
    `${name} is not UTF-8 (byte ${place}, on line ${line}, is ${hexByte(bytes[place])}): ${saveAs}`,
  );
}

function utf16Hint(bytes: Buffer): string {
  const zeros = bytes.subarray(0, 64).filter((byte) => byte === 0).length;
  return zeros * 3 >= Math.min(bytes.length, 64) ? ", as in UTF-16 without a byte order mark" : "";
}
