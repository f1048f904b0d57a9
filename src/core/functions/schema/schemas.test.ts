import { afterAll, describe, expect, test } from "vitest";
import { Schemas } from "./schemas.ts";

const schemas = new Schemas();
afterAll(() => schemas.close());

const check = (schema: object, value: unknown) => schemas.check("f", "in", schema)?.(JSON.stringify(value), false);
const tree = { properties: { child: { $ref: "#" }, name: { type: "string" } } };
const countries = Array.from({ length: 249 }, (_, n) => `C${n}`);

test("an ordinary check ends at once, without a thread", () => {
  expect(check({ type: "object" }, {})).toEqual([]);
  expect(check({ type: "object" }, 1)).toEqual([" in body must be of type object"]);
});

describe("a thread checks", () => {
  test("against a schema that contains itself", async () => {
    const found = check(tree, { child: { child: { name: 1 } } });
    expect(found).toBeInstanceOf(Promise);
    expect(await found).toEqual(["child.child.name in body must be of type string"]);
  });

  test("inputs over 16 KB", async () => {
    const found = check({ type: "string" }, "x".repeat(20_000));
    expect(found).toBeInstanceOf(Promise);
    expect(await found).toEqual([]);
  });

  test("a few items for being unique are checked at once, many in a thread", async () => {
    expect(check({ uniqueItems: true }, [1, 2])).toEqual([]);
    expect(
      check(
        { uniqueItems: true },
        Array.from({ length: 1000 }, (_, n) => n),
      ),
    ).toBeInstanceOf(Promise);
  });
});

test("at most 20 violations are told, in 4 KB", async () => {
  const found = (await check({ items: { enum: countries } }, Array(48_000).fill(1))) ?? [];
  expect(found.length).toBeLessThanOrEqual(21);
  expect(found.join("\n").length).toBeLessThan(4300);
  expect(found.at(-1)).toMatch(/^\.\.\. and \d+ more$/);
  const short = (await check({ items: { type: "string" } }, Array(5000).fill(1))) ?? [];
  expect([short.length, short[20]]).toEqual([21, "... and 4980 more"]);
});

test("a check that takes too long is ended; the next gets a thread of its own", async () => {
  const many = Array.from({ length: 60_000 }, (_, n) => ({ n }));
  await expect(check({ uniqueItems: true }, many)).rejects.toMatchObject({ bound: "time" });
  expect(await check(tree, {})).toEqual([]);
});

test("where finding all violations breaks a bound, the first is told", async () => {
  const each = { items: { allOf: Array.from({ length: 300 }, () => ({ type: "string" })) } };
  expect(await check(each, Array(400_000).fill(1))).toEqual(["0 in body must be of type string"]);
});

test("a check that takes too much memory is ended", async () => {
  const many = `[${"{},".repeat(12_000_000)}{}]`;
  await expect(schemas.check("f", "in", { type: "array" })?.(many, false)).rejects.toMatchObject({
    bound: expect.stringMatching(/memory|time/),
  });
  expect(await check(tree, {})).toEqual([]);
});

test("a value too deep for a check is told so", async () => {
  let value: unknown = {};
  for (let level = 0; level < 200_000; level++) value = [value];
  const text = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  const lists = { items: { $ref: "#" } };
  await expect(schemas.check("f", "in", lists)?.(text, false)).rejects.toMatchObject({ bound: "depth" });
});

describe("at creation is refused", () => {
  test.each([
    ["an endless schema", { $ref: "#" }, /refers to itself without going deeper/],
    [
      "one that is endless by a name",
      { allOf: [{ $id: "a", not: { $ref: "a" } }] },
      /nests too deep, or refers to itself/,
    ],
    ["$async", { $async: true, type: "object" }, /^could not decode schema\.in: \$async is not allowed/],
    ["no object", 5, /it is no object/],
    ["a list", [], /it is no object/],
  ])("%s", async (_, schema, message) => {
    await expect(schemas.examine("in", schema)).rejects.toThrow(message);
  });

  test("nothing that is sound", async () => {
    await schemas.examine("in", tree);
    await schemas.examine("in", null);
    await schemas.examine("out", { enum: countries });
  });
});
