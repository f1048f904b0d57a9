import { expect, test } from "vitest";
import { DispatchError } from "./core/shared/errors.ts";
import { loggedError, placesOf } from "./last-resort.ts";

test("an unknown error is told by name, code and places, without its message, which may be of several lines", () => {
  const error = Object.assign(new SyntaxError("Invalid: /s3cret\n    at s3cret (s3cret)\nline/"), { code: "E_X" });
  const told = placesOf(error);
  expect(told).toMatchObject({ name: "SyntaxError", code: "E_X" });
  expect(told.at[0]).toMatch(/last-resort\.test\.ts:\d+:\d+\)?$/);
  expect(JSON.stringify(told)).not.toContain("s3cret");
  expect(placesOf("s3cret")).toEqual({ name: "string", at: [] });
});

test("the log has the messages of our own errors alone, also among causes", () => {
  const foreign = Object.assign(new Error("invalid input: s3cret"), { code: "22P02", detail: "s3cret" });
  const told = loggedError(new DispatchError("NOT_FOUND", { kind: "Function", name: "hello" }, foreign));
  expect(told).toMatchObject({
    name: "DispatchError",
    message: expect.stringContaining("hello"),
    cause: { code: "22P02" },
  });
  expect(JSON.stringify(told)).not.toContain("s3cret");
  expect(JSON.stringify(loggedError(new Error("a: s3cret", { cause: "s3cret" })))).not.toContain("s3cret");
});
