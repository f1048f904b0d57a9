import { describe, expect, test } from "vitest";
import { resultAnswer } from "./result.ts";

function ready(output: string | undefined, httpResponse = false) {
  return resultAnswer({ runId: "r", status: "READY", ...(output === undefined ? {} : { output }) }, httpResponse);
}

describe("an output", () => {
  test.each([
    ['{"b":1.0,"a":2}', "application/json", '{"b":1.0,"a":2}\n'],
    ["[1]", "application/json", "[1]\n"],
    ["42", "application/json", "42\n"],
    ["false", "application/json", "false\n"],
    ['"Hi \\"Ada\\""', "text/plain; charset=utf-8", 'Hi "Ada"'],
  ])("%s is sent as %s", (output, type, body) => {
    expect(ready(output)).toEqual({ status: 200, headers: { "Content-Type": type }, body });
  });

  test.each([[undefined], ["null"], ['""']])("%s is an empty 200", (output) => {
    expect(ready(output)).toEqual({ status: 200, headers: {} });
  });

  test("with a statusCode is plain JSON unless the endpoint lets its function answer", () => {
    expect(ready('{"statusCode":404}')).toMatchObject({ status: 200, body: '{"statusCode":404}\n' });
  });
});

describe("a failed run", () => {
  test.each([
    ["InputError", 400],
    ["FunctionError", 502],
    ["SystemError", 500],
    ["", 500],
  ])("%s is a %i with code, message and run", (type, code) => {
    const answer = resultAnswer({ runId: "r", status: "ERROR", error: { type, message: "boom" } }, false);
    expect(answer.status).toBe(code);
    expect(answer.body).toBe(`{"code":${code},"message":"boom","runId":"r"}\n`);
  });

  test("that ran out of time is a 504", () => {
    const error = { type: "FunctionError", message: "took longer than 5 s" };
    expect(resultAnswer({ runId: "r", status: "ERROR", error, timedOut: true }, false).status).toBe(504);
  });
});

describe("a function that answers itself", () => {
  test.each([
    [
      '{"statusCode":201,"body":{"id":1}}',
      { status: 201, headers: { "Content-Type": "application/json" }, body: '{"id":1}\n' },
    ],
    [
      '{"statusCode":200,"body":"hi"}',
      { status: 200, headers: { "Content-Type": "text/plain; charset=utf-8" }, body: "hi" },
    ],
    ['{"statusCode":204}', { status: 204, headers: {} }],
    ['{"statusCode":"404"}', { status: 404, headers: {} }],
    [
      '{"statusCode":302,"headers":{"Location":"/x","Set-Cookie":["a=1","b=2"],"x-n":1,"no":null}}',
      { status: 302, headers: { Location: "/x", "Set-Cookie": ["a=1", "b=2"], "x-n": "1" } },
    ],
    [
      '{"statusCode":200,"headers":{"content-type":"text/html"},"body":"<p>"}',
      { status: 200, headers: { "content-type": "text/html" }, body: "<p>" },
    ],
  ])("with %s", (output, answer) => {
    expect(ready(output, true)).toEqual(answer);
  });

  test("may send bytes", () => {
    const answer = ready(
      '{"statusCode":200,"headers":{"content-type":"image/png"},"body":"AP8=","isBase64Encoded":true}',
      true,
    );
    expect(answer.body).toEqual(Buffer.from([0, 255]));
  });

  test("may leave bytes without a type", () => {
    const answer = ready('{"statusCode":200,"body":"AP8=","isBase64Encoded":true}', true);
    expect(answer).toMatchObject({
      headers: { "Content-Type": "application/octet-stream" },
      body: Buffer.from([0, 255]),
    });
  });

  test.each(["Content-Length", "connection", "Keep-Alive", "transfer-encoding", "TE", "Upgrade", "X-Dispatch-Run-Id"])(
    "may set %s as frameworks do: the gateway's own counts",
    (name) => {
      const answer = ready(
        JSON.stringify({ statusCode: 200, headers: { [name]: ["1", "\n"], a: "b" }, body: "hi" }),
        true,
      );
      expect(answer).toMatchObject({ status: 200, body: "hi" });
      expect(Object.keys(answer.headers)).toEqual(["Content-Type", "a"]);
    },
  );

  test.each([
    [{ headers: { "X-A": "1", "x-a": "2" } }, { "X-A": ["1", "2"] }],
    [{ headers: { Location: "/a", location: "/b" } }, { Location: "/b" }],
    [{ headers: { "content-type": ["a/b", "c/d"] } }, { "content-type": "c/d" }],
    [{ multiValueHeaders: { ETag: ["1", "2"], vary: ["a", "b"] } }, { ETag: "2", vary: ["a", "b"] }],
    [{ headers: { "set-cookie": "a=1" }, cookies: ["b=2", "c=3"] }, { "set-cookie": ["a=1", "b=2", "c=3"] }],
    [{ cookies: ["b=2"] }, { "Set-Cookie": "b=2" }],
    [
      { headers: { "x-a": "1", y: "2" }, multiValueHeaders: { "X-A": ["3", "4"], z: null } },
      { "X-A": ["3", "4"], y: "2" },
    ],
  ])("may name headers as other platforms let it: %o", (given, headers) => {
    expect(ready(JSON.stringify({ statusCode: 204, ...given }), true).headers).toEqual(headers);
  });

  test("may also return anything else", () => {
    expect(ready('{"text":"ok"}', true)).toMatchObject({ status: 200, body: '{"text":"ok"}\n' });
    expect(ready("[1]", true)).toMatchObject({ status: 200, body: "[1]\n" });
  });

  test.each([
    ['{"statusCode":"200 OK"}', 'statusCode must be a whole number from 200 to 599, but is "200 OK"'],
    ['{"statusCode":"101"}', "statusCode must be a whole number"],
    ['{"statusCode":101}', "statusCode must be a whole number"],
    ['{"statusCode":999}', "statusCode must be a whole number"],
    ['{"statusCode":200,"headers":[]}', "headers must be an object"],
    ['{"statusCode":200,"headers":{"x":"a\\r\\nSet-Cookie: evil=1"}}', "without line breaks"],
    ['{"statusCode":200,"headers":{"x":{}}}', "without line breaks"],
    ['{"statusCode":200,"headers":{"a b":"x"}}', '"a b" is no header name'],
    ['{"statusCode":200,"multiValueHeaders":{"x":["a\\r\\nb"]}}', "without line breaks"],
    ['{"statusCode":200,"multiValueHeaders":[]}', "multiValueHeaders must be an object"],
    ['{"statusCode":200,"cookies":"a=1"}', "cookies must be a list"],
    ['{"statusCode":200,"cookies":["a=1\\nb"]}', "without line breaks"],
    ['{"statusCode":200,"isBase64Encoded":true,"body":"no base64!"}', "body must be base64"],
    ['{"statusCode":200,"isBase64Encoded":true,"body":{}}', "body must be base64"],
    ['{"statusCode":200,"isBase64Encoded":true,"body":"AAAA\\nA"}', "body must be base64"],
  ])("wrongly, with %s, is told so", (output, message) => {
    const answer = ready(output, true);
    expect(answer.status).toBe(502);
    expect(JSON.parse(String(answer.body))).toEqual({
      code: 502,
      message: expect.stringContaining(message),
      runId: "r",
    });
  });
});
