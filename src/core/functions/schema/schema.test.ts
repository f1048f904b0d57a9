import { describe, expect, test } from "vitest";
import { compileSchema, violationsOf } from "./compile.ts";

function violations(schema: object, value: unknown): readonly string[] {
  return violationsOf(compileSchema(schema), value);
}

describe("a violation is told as existing clients know it", () => {
  const cases: readonly (readonly [object, unknown, string])[] = [
    [{ required: ["name"] }, {}, ".name in body is required"],
    [{ properties: { a: { required: ["b"] } } }, { a: {} }, "a.b in body is required"],
    [{ properties: { a: { pattern: "^x$" } } }, { a: "y" }, "a in body should match '^x$'"],
    [{ properties: { a: { type: "string" } } }, { a: 1 }, "a in body must be of type string"],
    [{ properties: { a: { type: ["string", "null"] } } }, { a: 1 }, "a in body must be of type string or null"],
    [{ properties: { a: { enum: ["x", "y"] } } }, { a: "z" }, "a in body should be one of [x y]"],
    [{ properties: { a: { minLength: 2 } } }, { a: "z" }, "a in body should be at least 2 chars long"],
    [{ properties: { a: { maxLength: 1 } } }, { a: "zz" }, "a in body should be at most 1 chars long"],
    [{ additionalProperties: false }, { a: 1 }, ".a in body is a forbidden property"],
    [{ properties: { a: { items: { type: "number" } } } }, { a: [1, "x"] }, "a.1 in body must be of type number"],
    [{ properties: { a: { minimum: 3 } } }, { a: 1 }, "a in body must be >= 3"],
  ];

  test.each(cases)("%j refuses %j", (schema, value, message) => {
    expect(violations(schema, value)).toEqual([message]);
  });
});

test("what is valid has no violations", () => {
  expect(violations({ type: "object" }, {})).toEqual([]);
});

test("formats are checked, unknown ones and unknown words pass", () => {
  expect(violations({ format: "email" }, "nobody")).toHaveLength(1);
  expect(violations({ format: "int64", "x-own": 1 }, 5)).toEqual([]);
});

test("references inside of the schema work, also to itself", () => {
  const tree = { type: "object", properties: { next: { $ref: "#" }, name: { $ref: "#/definitions/n" } } };
  const schema = { ...tree, definitions: { n: { type: "string" } } };
  expect(violations(schema, { next: { next: { name: 1 } } })).toEqual([
    "next.next.name in body must be of type string",
  ]);
});

test("a schema that names itself may be compiled again and again", () => {
  const schema = { $id: "http://example.com/s.json", type: "object" };
  expect(violations(schema, {})).toEqual([]);
  expect(violations(schema, 1)).toHaveLength(1);
});
