import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { barrier, createStaging, type Staging } from "./staging.ts";

const isRoot = process.getuid?.() === 0;

describe("the way to a folder", () => {
  let folder: string;
  let staging: Staging;
  beforeAll(async () => {
    if (isRoot) staging = await createStaging();
    folder = mkdtempSync(join(tmpdir(), "dispatch-staging-"));
    mkdirSync(join(folder, "images/one"), { recursive: true, mode: 0o755 });
    writeFileSync(join(folder, "images/one/file"), "of the image", { mode: 0o644 });
    writeFileSync(join(folder, "secret"), "", { mode: 0o600 });
  });
  afterAll(async () => {
    if (isRoot) await staging.close();
    rmSync(folder, { recursive: true });
  });

  test("is barred by the deepest folder that others may not enter", () => {
    expect(barrier(join(folder, "images/one"))).toBe(folder);
    expect(barrier("/usr/bin/env")).toBeUndefined();
  });

  describe.skipIf(!isRoot)(isRoot ? "when the server is root" : "when the server is root (SKIPPED: it is not)", () => {
    const readAsNobody = (path: string): string =>
      execFileSync(
        "nsenter",
        [`--mount=${staging.namespace}`, "setpriv", "--reuid=65534", "--clear-groups", "cat", path],
        {
          encoding: "utf8",
        },
      );

    test("is open in the staging namespace, and one staged folder serves all below it", async () => {
      const one = await staging.reachable(join(folder, "images/one/file"));
      expect(readAsNobody(one)).toBe("of the image");
      mkdirSync(join(folder, "images/two"), { mode: 0o755 });
      writeFileSync(join(folder, "images/two/file"), "made later", { mode: 0o644 });
      expect(readAsNobody(await staging.reachable(join(folder, "images/two/file")))).toBe("made later");
    });

    test("stays as it is where it is free", async () => {
      expect(await staging.reachable("/usr/bin/env")).toBe("/usr/bin/env");
    });

    test("cannot be opened to what is closed itself, and the error says what to do", async () => {
      await expect(staging.reachable(join(folder, "secret"))).rejects.toThrow(/secret is closed .* chmod -R a\+rX/);
    });
  });
});
