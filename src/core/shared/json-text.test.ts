import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DispatchError } from "./errors.ts";
import { elementTexts, endOfValue, type Fields, memberText, parseBody, repeatedName } from "./json-text.ts";

describe("the texts of an array's elements", () => {
  test("are what the caller wrote", () => {
    expect(elementTexts(' [ {"n": 12345678901234567890} , 1.0,"a,]" ,[2 ,3]] ')).toEqual([
      '{"n": 12345678901234567890}',
      "1.0",
      '"a,]"',
      "[2 ,3]",
    ]);
    expect(elementTexts("[ ]")).toEqual([]);
  });

  test("parse to what the whole text has there, whatever the array holds", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 3 })), fc.constantFrom(undefined, 2, "\t"), (array, indent) => {
        const texts = elementTexts(JSON.stringify(array, null, indent));
        expect(texts.map((text) => JSON.parse(text))).toEqual(JSON.parse(JSON.stringify(array)));
      }),
    );
  });
});

describe("the text of a member", () => {
  test("is what the caller wrote, numbers and blanks included", () => {
    const text = ' { "blocking" : true , "input" : {"n": 12345678901234567890, "x":[1.0, "}\\""]} , "z":1 } ';
    expect(memberText(text, "input")).toBe('{"n": 12345678901234567890, "x":[1.0, "}\\""]}');
    expect(memberText(text, "blocking")).toBe("true");
    expect(memberText(text, "absent")).toBeUndefined();
  });

  test("is found in any letter case; the last one of a name counts", () => {
    expect(memberText('{"INPUT":1,"Input":[2]}', "input")).toBe("[2]");
  });

  test("is never taken from deeper inside", () => {
    expect(memberText('{"a":{"input":1},"b":["input",2]}', "input")).toBeUndefined();
  });

  test("parses to what the whole text has there, whatever the object holds", () => {
    const keys = fc.oneof(fc.string(), fc.constantFrom("input", "event", 'quo"te', "back\\slash\\", "a,b", "{", "é"));
    const objects = fc.dictionary(keys, fc.jsonValue({ maxDepth: 4 }));
    fc.assert(
      fc.property(objects, fc.constantFrom(undefined, 2, "\t"), (object, indent) => {
        const text = JSON.stringify({ ...object, input: object }, null, indent);
        const parsed = JSON.parse(text) as Record<string, unknown>;
        expect(JSON.parse(memberText(text, "input") ?? "")).toEqual(parsed.input);
      }),
    );
  });
});

test("the end of a value is behind it, whatever the value is", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom("", ",", "]", "}", " ,1"), (value, rest) => {
      const text = JSON.stringify(value);
      expect(endOfValue(text + rest, 0)).toBe(text.length);
    }),
  );
});

describe("a body that is no JSON", () => {
  const messageOf = (text: string): string => {
    try {
      parseBody(text);
    } catch (error) {
      return error instanceof DispatchError ? error.message : String(error);
    }
    return "";
  };

  test.each(["{", '{"a"', '{"a":', '{"a":"b', "[1,", "tru", ' {"a":1 \n'])("%j ended too early", (text) => {
    expect(messageOf(text)).toBe('parsing body body from "" failed, because unexpected EOF');
  });

  test.each([
    '{"password": hunter2}',
    `{"filler": "${"x".repeat(100)}", "password": hunter2, "more": "${"y".repeat(100)}"}`,
  ])("is told by its first wrong letter, and not quoted: %j", (text) => {
    expect(messageOf(text)).toBe(`parsing body body from "" failed, because Unexpected token 'h'`);
  });
});

test("the first name that stands in an object a second time is found, however it is written", () => {
  const text = '{"a": {"b": 1}, "c": "a", "\\u0061": 3, "c": 4}';
  expect(repeatedName(text)).toEqual({ name: "a", again: "a", at: text.indexOf('"\\u0061"') });
  expect(repeatedName('{"a":[1,{"b":[],"c":{"b":1} ,\n"b" : 2}]}')).toEqual({ name: "b", again: "b", at: 30 });
  expect(repeatedName('{"a": 1, "A": 2, "b": [{"a": 1}, {"a": "a"}, "b", "}{\\":"], "d": {"a": ":"}}')).toBeUndefined();
  expect(repeatedName(" { } ")).toBeUndefined();
});

test("the names of a contract count in any letter case, at their level alone, and others as they are written", () => {
  const tag = { fields: new Map([["key", {}]]) };
  const contract = {
    fields: new Map<string, Fields>([
      ["name", {}],
      ["tags", { items: tag }],
      ["secrets", {}],
    ]),
  };
  const again = (text: string) => repeatedName(text, contract)?.again;
  expect(repeatedName('{"Name":1,"tags":[],"nAME":2}', contract)).toEqual({ name: "Name", again: "nAME", at: 20 });
  expect(again('{"TAGS":[{"key":1},{"x":{"key":1},"key":1,"Key":2}]}')).toBe("Key");
  expect(
    again('{"tags":[[{"key":1,"Key":2}],{"key":1,"name":1,"Name":1}],"secrets":{"name":1,"Name":2}}'),
  ).toBeUndefined();
  expect(again('{"other":1,"Other":2,"name":{"name":1,"NAME":2}}')).toBeUndefined();
  expect(again('[{"name":1,"Name":2}]')).toBeUndefined();
});

test("behind twenty thousand names nobody looks any more", () => {
  const names = Array.from({ length: 20_000 }, (_, index) => `"n${index}":0`);
  expect(repeatedName(`{${names.slice(1).join(",")},"n5":0}`)?.name).toBe("n5");
  expect(repeatedName(`{${names.join(",")},"n5":0}`)).toBeUndefined();
});

test("a value that was parsed has no name twice, whatever it holds, and the same value with one more has", () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 5 }),
      fc.constantFrom(undefined, 2, "\t"),
      fc.string(),
      (value, indent, name) => {
        const text = JSON.stringify({ [name]: value }, null, indent);
        expect(repeatedName(text)).toBeUndefined();
        expect(repeatedName(`[${text},${text.slice(0, -1)},${JSON.stringify(name)}:0}]`)?.name).toBe(name);
      },
    ),
  );
});
