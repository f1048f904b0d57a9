import { expect, test } from "vitest";
import { pip } from "./pip.ts";

test("a manifest gets the setuptools that the published base image had", () => {
  expect(pip.withBase?.("requests==2.19.1\npyvmomi")).toBe("requests==2.19.1\npyvmomi\nsetuptools<81\n");
});

test.each([
  "setuptools==82.0.0\nsix",
  "six\n  setuptools >= 60",
  "--index-url https://pypi.example.com/simple\nsix",
  "six==1.16.0 --hash=sha256:00",
])("but not %j, which decides for itself", (manifest) => {
  expect(pip.withBase?.(manifest)).toBe(manifest);
});
