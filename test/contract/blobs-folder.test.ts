import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createFolderBlobs } from "../../src/adapters/blobs/folder.ts";
import { blobsContract } from "./blobs.ts";

const folder = join(mkdtempSync(join(tmpdir(), "dispatch-blobs-")), "blobs");
afterAll(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

blobsContract("folder", async (keep) => createFolderBlobs(folder, keep === undefined ? {} : { keep }));

function pathOf(digest: string): string {
  return join(folder, digest.slice(0, 2), digest);
}

test("folder blobs are readable by the server's user alone", async () => {
  const digest = await createFolderBlobs(folder).put(Buffer.from("private"));
  const modes = [folder, join(pathOf(digest), ".."), pathOf(digest)].map((path) => statSync(path).mode & 0o777);
  expect(modes).toEqual([0o700, 0o700, 0o600]);
});

test("a folder blob that was altered on disk is refused, and repaired by putting it again", async () => {
  const blobs = createFolderBlobs(folder);
  const digest = await blobs.put(Buffer.from("original"));
  writeFileSync(pathOf(digest), "altered");
  await expect(blobs.get(digest)).rejects.toThrow("was altered on disk");
  await blobs.put(Buffer.from("original"));
  expect((await blobs.get(digest)).toString()).toBe("original");
});

test("a folder blob that was read before is noticed when it is altered or gone, and whoever got it may change the bytes", async () => {
  const blobs = createFolderBlobs(folder);
  const digest = await blobs.put(Buffer.from("read before"));
  for (const changed of [await blobs.get(digest), await blobs.get(digest)]) changed.fill(0);
  expect((await blobs.get(digest)).toString()).toBe("read before");
  writeFileSync(pathOf(digest), "of a length"); // as long as the original
  await expect(blobs.get(digest)).rejects.toThrow("was altered on disk");
  await blobs.put(Buffer.from("read before"));
  expect((await blobs.get(digest)).toString()).toBe("read before");
  rmSync(pathOf(digest));
  await expect(blobs.get(digest)).rejects.toThrow("cannot be read");
});

test("half-written files of a server that died are removed at the next start", () => {
  writeFileSync(join(folder, "incoming", "half"), "half");
  createFolderBlobs(folder);
  expect(readdirSync(join(folder, "incoming"))).toEqual([]);
});
