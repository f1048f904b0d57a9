import { expect, test } from "vitest";
import { placesOf } from "./last-resort.ts";

test("an unknown error is told by name, code and places, without its message, which may be of several lines", () => {
  const error = Object.assign(new SyntaxError("Invalid: /s3cret\n    at s3cret (s3cret)\nline/"), { code: "E_X" });
  const told = placesOf(error);
  expect(told).toMatchObject({ name: "SyntaxError", code: "E_X" });
  expect(told.at[0]).toMatch(/last-resort\.test\.ts:\d+:\d+\)?$/);
  expect(JSON.stringify(told)).not.toContain("s3cret");
  expect(placesOf("s3cret")).toEqual({ name: "string", at: [] });
});
