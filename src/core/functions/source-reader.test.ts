import { gzipSync } from "node:zlib";
import { Header } from "tar";
import { expect, test } from "vitest";
import { decodeBundle } from "./bundle.ts";
import { SourceReader } from "./source-reader.ts";

const limits = { unpackedBytes: 256 << 20, entries: 10_000 };

function upload(text: string, behind = Buffer.alloc(1024)): string {
  const header = new Header({ path: "a.js", mode: 0o644, type: "File", size: text.length, mtime: new Date(0) });
  header.encode();
  const content = Buffer.alloc(Math.ceil(text.length / 512) * 512);
  content.write(text);
  return gzipSync(Buffer.concat([header.block ?? Buffer.alloc(0), content, behind])).toString("base64");
}

test("an upload becomes the bundle that is stored, one after the other", async () => {
  const reader = new SourceReader(limits);
  const bundles = await Promise.all(["one", "two"].map((text) => reader.read(upload(text))));
  const texts = bundles.flatMap((bundle) => decodeBundle(bundle).map(({ bytes }) => Buffer.from(bytes).toString()));
  expect(texts).toEqual(["one", "two"]);
});

test("what cannot be read is refused with its reason, and the next one is read", async () => {
  const reader = new SourceReader(limits);
  await expect(reader.read("no base64!")).rejects.toThrow("illegal base64 data in source");
  await expect(reader.read(`${"=".repeat(1 << 20)}A`)).rejects.toThrow("illegal base64 data in source");
  await expect(reader.read(Buffer.from("x").toString("base64"))).rejects.toThrow("is not a gzipped tar archive");
  expect(decodeBundle(await reader.read(upload("x")))).toHaveLength(1);
});

test("one that takes too long is given up, and the next one is read", async () => {
  const reader = new SourceReader({ ...limits, unpackedBytes: 2 ** 40 }, 1);
  await expect(reader.read(upload("x".repeat(1 << 25)))).rejects.toThrow("takes longer than 0.001 s to unpack");
  await expect(new SourceReader(limits).read(upload("x"))).resolves.toBeDefined();
});

test("this thread goes on while a large one is unpacked", async () => {
  const reader = new SourceReader(limits);
  await reader.read(upload("x"));
  const large = upload("x".repeat(128 << 20));
  let longest = 0;
  let last = performance.now();
  const ticks = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 5);
  const begun = performance.now();
  await reader.read(large);
  clearInterval(ticks);
  expect(longest).toBeLessThan((performance.now() - begun) / 2);
});
