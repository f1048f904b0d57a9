import { describe, expect, test } from "vitest";
import { boundHttpContext, repetitionsOf, wholeHttpContext } from "./http-context.ts";

const target = `/path?${"a".repeat(100)}=1`;
const context = {
  "x-mine": "1",
  args: target.slice("/path?".length),
  request: target,
  request_uri: target,
  "request-uri": target,
  uri: target,
  server_protocol: "HTTP/1.1",
  "server-protocol": "HTTP/1.1",
};

describe("the recorded part of an HTTP request", () => {
  test("has each fact once, and a run that begins again sees all of them", () => {
    const recorded = { "x-mine": "1", request: target, server_protocol: "HTTP/1.1" };
    expect({ ...recorded, ...repetitionsOf(recorded) }).toEqual(context);
    expect(JSON.parse(wholeHttpContext(JSON.stringify(recorded)) ?? "")).toEqual(context);
    expect(wholeHttpContext(undefined)).toBeUndefined();
    expect(wholeHttpContext('{"mine":1}')).toBe('{"mine":1}');
    const given = ' { "request": "/a?b", "args": "mine", "exact": 1.10 }';
    expect(wholeHttpContext(given)?.match(/"args"/g)).toHaveLength(1);
    expect(JSON.parse(wholeHttpContext(given) ?? "")).toMatchObject({ args: "mine", uri: "/a?b", request: "/a?b" });
    expect(wholeHttpContext(given.replace("args", "other"))).toContain('"exact": 1.10 }');
  });

  test("has 16 KB at most, the request's own facts first, and says that it was cut", () => {
    const headers = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`x-${index}`, "v".repeat(200)]));
    const long = {
      ...headers,
      "x-long": "v".repeat(100_000),
      nested: [["x".repeat(5000)]],
      request: "/p",
      method: "GET",
    };
    const text = boundHttpContext(JSON.stringify(long)) ?? "";
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(16 * 1024);
    expect(JSON.parse(text)).toMatchObject({ request: "/p", method: "GET", nested: "...", truncated: true });
    expect(JSON.parse(text)["x-long"]).toHaveLength(1027);
    expect(boundHttpContext('{"a":1}')).toBe('{"a":1}');
  });
});
