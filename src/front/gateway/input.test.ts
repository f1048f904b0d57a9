import { describe, expect, test } from "vitest";
import { readInput } from "./input.ts";

interface Given {
  readonly method?: string;
  readonly query?: string;
  readonly type?: string;
  readonly body?: string | Buffer;
  readonly anyType?: boolean;
}

async function input({ method = "POST", query = "", type, body = "", anyType = false }: Given): Promise<string> {
  const source = { method, query, contentType: type, body: Buffer.from(body), anyType, maxJsonDepth: 1000 };
  return (await readInput(source)).text;
}

const json = "application/json";
const form = "application/x-www-form-urlencoded";

describe("a query", () => {
  test.each([
    ["x=1&y=2", '{"x":"1","y":"2"}'],
    ["x=1&x=2&x=3", '{"x":["1","2","3"]}'],
    ["name=Palo+Alto&sign=%26", '{"name":"Palo Alto","sign":"&"}'],
    ["__proto__=1", '{"__proto__":"1"}'],
    ["", "{}"],
  ])("%s of a GET becomes %s", async (query, text) => {
    expect(await input({ method: "GET", query })).toBe(text);
  });

  test("is all that counts of a GET, whatever content type it carries", async () => {
    expect(await input({ method: "GET", query: "command=list", type: json, body: "x" })).toBe('{"command":"list"}');
  });

  test("is ignored without a body", async () => {
    expect(await input({ query: "x=1", type: json })).toBe("{}");
    expect(await input({ method: "PUT" })).toBe("{}");
  });
});

describe("a JSON body", () => {
  test.each([
    ['{"n": 12345678901234567890, "f": 1.0}', '{"n": 12345678901234567890, "f": 1.0}'],
    [' {"a":1}\n', '{"a":1}'],
    ['{"a":"}"} trailing', '{"a":"}"}'],
    ['[1,[2]]{"a":1}', "[1,[2]]"],
    ["42 43", "42"],
    ['"text"', '"text"'],
    ["null", "null"],
  ])("%s travels as %s", async (body, text) => {
    expect(await input({ type: json, body })).toBe(text);
  });

  test.each([
    [json],
    ["application/json; charset=utf-8"],
    ["application/cloudevents+json"],
    ["text/plain, application/json"],
  ])("may be called %s", async (type) => {
    expect(await input({ type, body: "{}" })).toBe("{}");
  });

  test.each([["not json"], ["{"], ['{"a":}'], ['{"\\"\\"'], ["\ufeff{"]])("%j is refused", async (body) => {
    await expect(input({ type: json, body })).rejects.toMatchObject({
      status: 400,
      message: "request body is not json",
    });
  });

  test("a megabyte of escaped quotes that never ends is refused, not pondered", async () => {
    const body = `{"${'\\"'.repeat(500_000)}`;
    await expect(input({ type: json, body })).rejects.toMatchObject({ status: 400 });
  });
});

describe("text", () => {
  test("of the charset that its type names becomes what was written", async () => {
    const type = "application/json; charset=iso-8859-1";
    expect(await input({ type, body: Buffer.from('{"a":"Zo\xeb"}', "latin1") })).toBe('{"a":"Zoë"}');
    expect(await input({ type: `${form}; charset=iso-8859-1`, body: "a=Zo%EB+%" })).toBe('{"a":"Zoë %"}');
    const wide = Buffer.from('{"a":"Zoë"}', "utf16le");
    expect(await input({ type: 'application/json;charset="UTF-16LE"', body: wide })).toBe('{"a":"Zoë"}');
    const marked = Buffer.from('\ufeff{"a":"Zoë"}', "utf16le");
    expect(await input({ type: "application/json; charset=utf-16", body: marked })).toBe('{"a":"Zoë"}');
    expect(await input({ type: "application/json; charset=utf-16", body: marked.swap16() })).toBe('{"a":"Zoë"}');
  });

  test.each([
    ["JSON", { type: json, body: Buffer.from('{"a":"Zo\xeb"}', "latin1") }, 400, "request body is not UTF-8 text"],
    ["a form", { type: form, body: Buffer.from("a=Zo\xeb", "latin1") }, 400, "request body is not UTF-8 text"],
    ["an escape", { type: form, body: "a=Zo%EB" }, 400, "request body is not UTF-8 text"],
    ["a query", { method: "GET", query: "a=Zo%EB" }, 400, "the query is not UTF-8 text"],
    ["a charset", { type: "application/json; charset=nosuch", body: "{}" }, 415, 'charset "nosuch" is not known'],
  ])("of %s that is none is refused, never garbled", async (_, given, status, message) => {
    await expect(input(given)).rejects.toMatchObject({ status, message: expect.stringContaining(message) });
  });

  test("of a query has no charset that could be named", async () => {
    await expect(input({ method: "GET", query: "a=Zo%EB" })).rejects.toMatchObject({
      message: expect.stringMatching(/: send UTF-8$/),
    });
  });

  test("beyond ASCII that stands in a query without escapes is UTF-8", async () => {
    const query = Buffer.from("a=Zoë").toString("latin1");
    expect(await input({ method: "GET", query })).toBe('{"a":"Zoë"}');
  });

  test("of a multipart field that is none is refused, and a replacement character that was sent is not", async () => {
    const type = "multipart/form-data; boundary=b";
    const body = (value: Buffer) =>
      Buffer.concat([
        Buffer.from('--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n'),
        value,
        Buffer.from("\r\n--b--\r\n"),
      ]);
    await expect(input({ type, body: body(Buffer.from("Zo\xeb", "latin1")) })).rejects.toMatchObject({
      message: expect.stringContaining("a field is not UTF-8 text"),
    });
    expect(await input({ type, body: body(Buffer.from("\ufffd")) })).toBe('{"x":"\ufffd"}');
  });
});

describe("an urlencoded form", () => {
  test("of more than 1000 fields is refused, and so is a query", async () => {
    const fields = "a&".repeat(1001);
    await expect(input({ type: form, body: fields })).rejects.toMatchObject({
      status: 400,
      message: "request body has more than 1000 fields",
    });
    await expect(input({ method: "GET", query: fields })).rejects.toMatchObject({
      message: "the query has more than 1000 fields",
    });
    expect(await input({ type: form, body: `${"a&".repeat(1000)}&&` })).toContain('{"a":["","",');
  });

  test("is merged with the query, the body's values first", async () => {
    expect(await input({ query: "x=3&q=4", type: form, body: "x=1&x=2" })).toBe('{"x":["1","2","3"],"q":"4"}');
  });

  test("is read for POST, PUT and PATCH only", async () => {
    expect(await input({ method: "PATCH", type: form, body: "a=1" })).toBe('{"a":"1"}');
    expect(await input({ method: "DELETE", query: "q=1", type: form, body: "a=1" })).toBe('{"q":"1"}');
  });
});

describe("a multipart form", () => {
  const type = "multipart/form-data; boundary=b";
  const part = (head: string, text: string) => `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${text}\r\n`;

  test("is merged with the query, whose values come first, and its files are dropped", async () => {
    const body = `${part('name="x"', "1")}${part('name="f"; filename="f.txt"', "file")}${part('name="y"', "é")}--b--\r\n`;
    expect(await input({ query: "x=0", type, body })).toBe('{"x":["0","1"],"y":"é"}');
  });

  test.each([
    ["without a boundary", "multipart/form-data", "x"],
    ["that ends too early", type, '--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1'],
  ])("%s is refused", async (_, brokenType, body) => {
    const refusal = { status: 400, message: expect.stringContaining("request body is not a multipart form: ") };
    await expect(input({ type: brokenType, body })).rejects.toMatchObject(refusal);
  });

  test("with a part that has no name is refused", async () => {
    const body = "--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--\r\n";
    await expect(input({ type, body })).rejects.toMatchObject({
      status: 400,
      message: "request body is not a multipart form: a field has no name",
    });
  });

  test("of too many fields is refused", async () => {
    const body = `${part('name="x"', "1").repeat(1001)}--b--\r\n`;
    await expect(input({ type, body })).rejects.toMatchObject({
      message: expect.stringContaining("more than 1000 fields"),
    });
  });
});

test("a body without a type travels as base64", async () => {
  expect(await input({ body: Buffer.from([0, 255]) })).toBe('"AP8="');
});

test("another type is refused by its name", async () => {
  const message = "request body type is not supported: text/plain";
  await expect(input({ type: "text/plain", body: "x" })).rejects.toMatchObject({ status: 400, message });
});
