import { describe, expect, test } from "vitest";
import { costOf, EndlessError } from "./cost.ts";

describe("what a check can cost", () => {
  test("is little for an ordinary schema", () => {
    const properties = { name: { type: "string", pattern: "^[a-z]{1,63}$" }, place: { enum: ["here", "there"] } };
    const { steps, pairs } = costOf({ type: "object", required: ["name"], properties });
    expect(steps).toBeLessThan(1000);
    expect(pairs).toBe(0);
  });

  test("counts what is referred to as often as it is referred to", () => {
    const levels = Array.from({ length: 20 }, (_, n) => [
      `d${n}`,
      { allOf: [{ $ref: `#/definitions/d${n + 1}` }, { $ref: `#/definitions/d${n + 1}` }] },
    ]);
    const definitions = { ...Object.fromEntries(levels), d20: { type: "string" } };
    expect(costOf({ $ref: "#/definitions/d0", definitions }).steps).toBeGreaterThan(2 ** 20);
  });

  test.each([
    ["a schema that contains itself", { properties: { child: { $ref: "#" } } }],
    ["one through another", { items: { $ref: "#/definitions/a" }, definitions: { a: { items: { $ref: "#" } } } }],
    ["a reference that is not a pointer", { $ref: "other.json" }],
    ["a part with a name of its own", { items: { $id: "part" } }],
  ])("is without bound for %s", (_, schema) => {
    expect(costOf(schema).steps).toBe(Infinity);
  });

  test("grows with the square of the input where items are compared with each other", () => {
    expect(costOf({ items: { uniqueItems: true } }).pairs).toBe(1);
  });

  test("counts the values of enum and const, and what a pattern writes out", () => {
    expect(costOf({ enum: Array.from({ length: 500 }, (_, n) => ({ n })) }).steps).toBeGreaterThan(1000);
    expect(costOf({ pattern: "((a{100}){10})" }).steps).toBeGreaterThan(8000);
  });
});

describe("a schema that comes back to the same value never ends", () => {
  test.each([
    ["at once", { $ref: "#" }],
    ["in allOf", { allOf: [{ type: "object" }, { $ref: "#" }] }],
    ["in not, by its own name", { $id: "http://example.com/s", not: { $ref: "http://example.com/s#" } }],
    ["through another", { $ref: "#/definitions/a", definitions: { a: { anyOf: [{ $ref: "#" }] } } }],
    ["in a part", { items: { $ref: "#/definitions/a" }, definitions: { a: { if: { $ref: "#/definitions/a" } } } }],
    ["in a dependency", { dependencies: { a: { $ref: "#" } } }],
  ])("%s", (_, schema) => {
    expect(() => costOf(schema)).toThrow(EndlessError);
  });

  test("but not one that goes deeper on its way", () => {
    expect(() => costOf({ properties: { a: { allOf: [{ $ref: "#" }] } } })).not.toThrow();
    expect(() => costOf({ properties: { $ref: { type: "string" } } })).not.toThrow();
  });
});
