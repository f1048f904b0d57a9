import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { DispatchError, isError } from "./errors.ts";

const core = join(import.meta.dirname, "..");

test("an error is known by its name, however its words or its status change", () => {
  const error = new DispatchError("OVERLOADED", { name: "hello", message: "200 calls wait", retryAfter: 1 });
  expect([isError(error, "OVERLOADED"), isError(error, "DISK_FULL", "NOT_FOUND")]).toEqual([true, false]);
  expect(isError(new Error("OVERLOADED"), "OVERLOADED")).toBe(false);
});

test.each([
  ["OVERLOADED", true],
  ["CALLER_GONE", true],
  ["TOO_MANY_DELAYED", true],
  ["SHUTTING_DOWN", true],
  ["DISK_FULL", true],
  ["INTERNAL", false],
  ["NOT_FOUND", false],
  ["STATE_FULL", false],
] as const)("%s may do later: %s", (name, isPassing) => {
  expect(new DispatchError(name).isPassing).toBe(isPassing);
});

test("nobody in the core compares the status of an error", () => {
  const files = readdirSync(core, { recursive: true, encoding: "utf8" }).filter((file) => /(?<!test)\.ts$/.test(file));
  const comparing = files.filter((file) => /\berror\??\.status\b/.test(readFileSync(join(core, file), "utf8")));
  expect(comparing).toEqual([]);
});
