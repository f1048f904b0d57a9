import { expect, test } from "vitest";
import { clientToken } from "./client-token.ts";

const noon = Date.UTC(2026, 10, 23, 12);
const identity = { name: "vmtest01", imageId: "ami-1", instanceType: "t3.micro", subnetId: undefined, gone: [] };

test("two people who ask for the same machine at once have the same token", () => {
  expect(clientToken({ ...identity }, noon + 1500)).toBe(clientToken(identity, noon));
});

test.each([
  ["another name", { ...identity, name: "vmtest02" }, noon],
  ["another image", { ...identity, imageId: "ami-2" }, noon],
  ["a machine of that name that is gone", { ...identity, gone: ["i-1"] }, noon],
  ["an hour later, when AWS has forgotten that machine", identity, noon + 3_600_000],
])("%s makes another token", (_reason, other, now) => {
  expect(clientToken(other, now)).not.toBe(clientToken(identity, noon));
});

test("the order in which AWS lists what is gone does not matter, and AWS takes 64 characters", () => {
  const token = clientToken({ ...identity, gone: ["i-1", "i-2"] }, noon);
  expect(token).toBe(clientToken({ ...identity, gone: ["i-2", "i-1"] }, noon));
  expect(token).toMatch(/^[0-9a-f]{64}$/);
});
