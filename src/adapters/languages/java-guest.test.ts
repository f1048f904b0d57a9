import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { defaultGuestFolder } from "../runtime/process/guest-files.ts";
import { javaGuest } from "./java-guest.ts";
import { findInterpreter } from "./languages.ts";

const search = await findInterpreter("java");
const reason = search.found ? "" : ` (SKIPPED: ${search.reason})`;

test.skipIf(!search.found)(`the guest links no join of texts and no lambda while it starts${reason}`, async () => {
  if (!search.found) return;
  const folder = mkdtempSync(join(tmpdir(), "dispatch-java-guest-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const jar = await javaGuest(defaultGuestFolder(), search.interpreter);
  execFileSync(join(dirname(search.interpreter.command), "jar"), ["--extract", "--file", jar], { cwd: folder });
  const classes = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".class"));
  expect(classes.length).toBeGreaterThan(5);
  const ofWorkers = classes.filter((name) => !name.includes("Training"));
  const linking = ofWorkers.filter((name) =>
    /makeConcatWithConstants|LambdaMetafactory/.test(readFileSync(join(folder, name), "latin1")),
  );
  expect(linking).toEqual([]);
});
