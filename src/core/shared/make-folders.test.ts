import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeFolders } from "./make-folders.ts";

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "make-folders-"));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

test("makes what is missing, with the mode, and takes what is there", () => {
  const root = folder();
  makeFolders(join(root, "a/b/c"), 0o700);
  makeFolders(join(root, "a/b/c"), 0o755);
  expect(["a", "a/b", "a/b/c"].map((path) => statSync(join(root, path)).mode & 0o777)).toEqual([0o700, 0o700, 0o700]);
});

test("goes through links to folders", () => {
  const root = folder();
  makeFolders(join(root, "real"), 0o700);
  symlinkSync("real", join(root, "link"));
  makeFolders(join(root, "link/sub"), 0o700);
  expect(statSync(join(root, "real/sub")).isDirectory()).toBe(true);
});

test("says why it cannot, and does not try for ever", () => {
  const root = folder();
  writeFileSync(join(root, "file"), "");
  expect(() => makeFolders(join(root, "file"), 0o700)).toThrow("EEXIST");
  expect(() => makeFolders(join(root, "file/sub"), 0o700)).toThrow(
    `EEXIST: file already exists, mkdir '${join(root, "file")}'`,
  );
  expect(() => makeFolders("/proc/nosuch/sub", 0o700)).toThrow("ENOENT");
});
