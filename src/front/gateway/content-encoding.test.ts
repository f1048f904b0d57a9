import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { contentOf } from "./content-encoding.ts";

const text = Buffer.from('{"a":"x"}');
const limit = 1024;

test.each([
  ["gzip", gzipSync(text)],
  ["x-gzip", gzipSync(text)],
  ["deflate", deflateSync(text)],
  ["deflate", deflateRawSync(text)],
  ["br", brotliCompressSync(text)],
  ["zstd", zstdCompressSync(text)],
  [" GZIP ", gzipSync(text)],
  ["identity", text],
  [undefined, text],
])("a body that travels as %s is unpacked", async (coding, packed) => {
  expect(await contentOf(coding, packed, limit)).toEqual(text);
});

test.each([
  ["gzip", gzipSync(Buffer.alloc(100 * limit))],
  ["deflate", deflateSync(Buffer.alloc(100 * limit))],
  ["br", brotliCompressSync(Buffer.alloc(100 * limit))],
  ["zstd", zstdCompressSync(Buffer.alloc(100 * limit))],
])("a bomb in %s is refused by what it would unpack to", async (coding, packed) => {
  await expect(contentOf(coding, packed, limit)).rejects.toMatchObject({
    status: 413,
    message: "the request body is larger than 1024 bytes (setting max-body-bytes)",
  });
});

test("what is no data of its coding is refused", async () => {
  const refusal = { status: 400, message: "request body is not gzip, as its Content-Encoding says" };
  await expect(contentOf("gzip", text, limit)).rejects.toMatchObject(refusal);
  await expect(contentOf("gzip", gzipSync(text).subarray(0, 12), limit)).rejects.toMatchObject(refusal);
});

test.each(["compress", "gzip, gzip", "constructor"])("the coding %s is refused with those that are known", (coding) => {
  const refusal = { status: 415, message: expect.stringContaining("use one of gzip, x-gzip, deflate, br, zstd") };
  expect(() => contentOf(coding, text, limit)).toThrow(expect.objectContaining(refusal));
});
