/** Bodies that travel compressed (RFC 9110 8.4): unpacked off this thread, never past the limit of a body. */
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from "node:zlib";
import { Refusal } from "./answer.ts";
import { tooLarge } from "./body.ts";

type Unpack = (packed: Buffer, options: { readonly maxOutputLength: number }) => Promise<Buffer>;

const codings: Readonly<Record<string, Unpack>> = {
  gzip: promisify(gunzip) as Unpack,
  "x-gzip": promisify(gunzip) as Unpack,
  deflate: unpackDeflate,
  br: promisify(brotliDecompress) as Unpack,
  zstd: promisify(zstdDecompress) as Unpack,
};

/** The content of a body. @throws Refusal 415 for another coding, 413 past the limit (counted unpacked), 400 for broken data */
export function contentOf(coding: string | undefined, body: Buffer, limit: number): Buffer | Promise<Buffer> {
  if (coding === undefined || body.length === 0) return body;
  const name = coding.trim().toLowerCase();
  if (name === "" || name === "identity") return body;
  const unpack = Object.hasOwn(codings, name) ? codings[name] : undefined;
  if (unpack !== undefined) return unpacked(unpack, name, body, limit);
  const known = Object.keys(codings).join(", ");
  throw new Refusal(415, `content encoding ${JSON.stringify(coding)} is not known: use one of ${known}, or none`);
}

async function unpacked(unpack: Unpack, name: string, body: Buffer, limit: number): Promise<Buffer> {
  try {
    return await unpack(body, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(limit);
    throw new Refusal(400, `request body is not ${name}, as its Content-Encoding says`);
  }
}

/** The name stands for two formats: that of RFC 1950, and the bare RFC 1951 that many programs send. */
const unpackWrapped = promisify(inflate) as Unpack;
const unpackBare = promisify(inflateRaw) as Unpack;

async function unpackDeflate(packed: Buffer, options: { readonly maxOutputLength: number }): Promise<Buffer> {
  const [first = 0, second = 0] = packed;
  const isWrapped = (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
  return isWrapped ? unpackWrapped(packed, options) : unpackBare(packed, options);
}
