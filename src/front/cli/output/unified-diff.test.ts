import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { unifiedDiff } from "./unified-diff.ts";

const names = ["server", "file"] as const;

test("equal texts have no differences", () => {
  expect(unifiedDiff(names, "a\n", "a\n")).toBe("");
});

test("a changed line stands between three lines of context", () => {
  const before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
  expect(unifiedDiff(names, before, before.replace("5", "five"))).toBe(
    "--- server\n+++ file\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n",
  );
});

test("what is new has no lines before", () => {
  expect(unifiedDiff(names, "", "a\nb\n")).toBe("--- server\n+++ file\n@@ -0,0 +1,2 @@\n+a\n+b\n");
});

test("distant differences are hunks of their own", () => {
  const before = Array.from({ length: 30 }, (_, index) => `${index}\n`).join("");
  const after = before.replace("\n2\n", "\ntwo\n").replace("\n25\n", "\n");
  expect(unifiedDiff(names, before, after).match(/^@@.*$/gm)).toEqual(["@@ -1,6 +1,6 @@", "@@ -23,7 +23,6 @@"]);
});

const hasPatch = (() => {
  try {
    return execFileSync("patch", ["--version"]).length > 0;
  } catch {
    return false;
  }
})();

test.skipIf(!hasPatch)("patch turns one text into the other (skipped where patch is not installed)", () => {
  const folder = mkdtempSync(join(tmpdir(), "dispatch-diff-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "file");
  const text = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(text, text, (one, other) => {
      const [before, after] = [`${one.join("\n")}\n`, `${other.join("\n")}\n`];
      writeFileSync(path, before);
      const difference = unifiedDiff(["file", "file"], before, after);
      if (difference !== "") execFileSync("patch", ["-s", path], { input: difference });
      expect(readFileSync(path, "utf8")).toBe(after);
    }),
    { numRuns: 25 },
  );
});
