import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import { functionOperations } from "../../core/functions/contract.ts";
import { runOperations } from "../../core/runs/contract.ts";
import { secretOperations } from "../../core/secrets/contract.ts";
import { createClient, type HttpAnswer, type HttpRequest } from "./client.ts";
import { ApiError, TransportError } from "./errors.ts";
import { parseJson, stringifyJson } from "./json.ts";

/** A client whose server gives one answer, and the requests that reached it. */
function clientWith(answer: HttpAnswer) {
  const requests: HttpRequest[] = [];
  const transport = async (request: HttpRequest) => {
    requests.push(request);
    return answer;
  };
  const headers = { "X-Dispatch-Org": "o", Cookie: "cookie" };
  return { client: createClient({ baseUrl: "http://h:1", headers, transport }), requests };
}

describe("a call", () => {
  test("fills path and query and sends the body as JSON", async () => {
    const { client, requests } = clientWith({ status: 200, text: "{}" });
    await client.call(functionOperations.update, { path: { functionName: "a b/c" }, body: { name: "n" } });
    await client.call(runOperations.listRuns, { query: { functionName: "f", since: undefined, limit: 3 } });
    expect(requests).toMatchObject([
      {
        method: "PUT",
        url: "http://h:1/v1/function/a%20b%2Fc",
        headers: { "Content-Type": "application/json", "X-Dispatch-Org": "o" },
        body: '{"name":"n"}',
      },
      { method: "GET", url: "http://h:1/v1/runs?functionName=f&limit=3" },
    ]);
  });

  test.each(["", ".", ".."])("refuses the name %j, which would ask for something else", async (secretName) => {
    const { client, requests } = clientWith({ status: 200, text: "[]" });
    const asked = client.call(secretOperations.get, { path: { secretName } });
    await expect(asked).rejects.toThrow(`secretName must be a name: ${JSON.stringify(secretName)} is none`);
    expect(requests).toEqual([]);
  });

  test("is typed by the contract, with the times of a run as bigint", async () => {
    const { client } = clientWith({ status: 200, text: '{"executedTime":1795358883318771301,"name":"r"}' });
    const run = await client.call(runOperations.getRun, { path: { runName: "r" } });
    expectTypeOf(run.executedTime).toEqualTypeOf<bigint | undefined>();
    expect(run.executedTime).toBe(1795358883318771301n);
  });

  test("takes an empty answer for what it is", async () => {
    const { client } = clientWith({ status: 204, text: "" });
    expect(await client.call(secretOperations.delete, { path: { secretName: "s" } })).toBeUndefined();
  });

  test.each([
    [{ status: 422, text: '{"code":605,"message":"bad name"}' }, 605, "bad name"],
    [{ status: 502, text: "<html>" }, 502, "the server answered with status 502"],
    [{ status: 200, text: "<html>" }, 200, "the server's answer is not JSON: is this a Dispatch server?"],
  ])("that is answered with %j fails with code and message", async (answer, code, message) => {
    const failure = clientWith(answer).client.call(secretOperations.list);
    await expect(failure).rejects.toThrow(expect.objectContaining({ code, message, status: answer.status }));
    await expect(failure).rejects.toBeInstanceOf(ApiError);
  });
});

describe("numbers", () => {
  test.each(["12345678901234567890", "1.0", "1e5", "0.1", "-0.0", "3.14159265358979323846"])(
    "%s stays as it is",
    (number) => {
      expect(stringifyJson(parseJson(`{"a":[${number}]}`))).toBe(`{"a":[${number}]}`);
    },
  );

  test("every JSON text comes out as JSON.stringify would have it", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(stringifyJson(parseJson(JSON.stringify(value))))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

test("a transport error names method, address, cause and remedy", () => {
  const cause = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:8080"), { code: "ECONNREFUSED" });
  expect(new TransportError("DELETE", "http://h/x", cause).message).toBe(
    "unexpected error received from server: Delete http://h/x: connect ECONNREFUSED 127.0.0.1:8080 (nothing listens there: is dispatch-server running?)",
  );
  const both = new AggregateError([cause]);
  expect(new TransportError("GET", "http://h/x", both).message).toContain("Get http://h/x: connect ECONNREFUSED");
});
