/**
 * Source files whose interpreters take UTF-8 and nothing else, and put U+FFFD in place of other bytes in silence: they are read
 * where their encoding is certain and refused where it would have to be guessed. Python says itself what it cannot read.
 */
import { isUtf8 } from "node:buffer";
import { decodeText, NotTextError } from "../shared/decode-text.ts";
import { SourceError, type SourceFile } from "../shared/source-file.ts";

const TEXTS = /\.(?:[mc]?[jt]s|[jt]sx|json|java|ps1|psm1|psd1)$/i;
const PYTHON = /\.py$/i;
/** Other people's files: what has worked goes on working. */
const PACKAGES = /(?:^|\/)node_modules\//;

/** Its compiler takes the mark for a letter of the program; all others pass over it. */
const JAVA = /\.java$/i;
const MARK = Buffer.from("\uFEFF");

/** The file in UTF-8. @throws SourceError that names the file and the byte */
export function utf8File(file: SourceFile): SourceFile {
  const bytes = Buffer.from(file.bytes.buffer, file.bytes.byteOffset, file.bytes.byteLength);
  const isText = TEXTS.test(file.path) && !PACKAGES.test(file.path);
  if (JAVA.test(file.path) && bytes.subarray(0, MARK.length).equals(MARK))
    return utf8File({ ...file, bytes: bytes.subarray(MARK.length) });
  if (!(isText || PYTHON.test(file.path)) || (isUtf8(bytes) && !hasZero(bytes))) return file;
  if (!isText && !isMarkedUtf16(bytes)) return file;
  try {
    return { ...file, bytes: Buffer.from(decodeText(bytes, file.path)) };
  } catch (error) {
    if (error instanceof NotTextError) throw new SourceError(error.message, { cause: error });
    throw error;
  }
}

/** As every text has it that is UTF-16 without saying so: a letter of a program is a byte and a zero, or the other way round. */
function hasZero(bytes: Buffer): boolean {
  return bytes[0] === 0 || bytes[1] === 0;
}

function isMarkedUtf16(bytes: Buffer): boolean {
  const mark = bytes.toString("hex", 0, 2);
  return mark === "fffe" || mark === "feff";
}
