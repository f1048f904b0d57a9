import { expect, test } from "vitest";
import type { Principal } from "../shared/principal.ts";
import { createIam } from "./authorize.ts";
import { judgeForwarded } from "./forward-auth.ts";

const account: Principal = { kind: "service-account", id: "a/ci", organization: "a", via: "rest" };
const administrator: Principal = { kind: "administrator", id: "administrator", organization: "", via: "rest" };
const allowed = new Set(["get function a", "emit event a"]);
const readsFunctions = createIam({
  judge: (_, { resource, action, organization }) => allowed.has(`${action} ${resource} ${organization}`),
  exists: () => true,
  everybodyIsAdministrator: false,
});

function judge(method: string | undefined, path: string | undefined, organization = "", principal = account) {
  return judgeForwarded(readsFunctions, principal, { method, path, organization });
}

test("what the policies allow goes on in the account's own organization, or the one that was named", () => {
  expect(judge("GET", "/v1/function/hello")).toBe("a");
  expect(judge("get", "/v1/function?limit=3", "a")).toBe("a");
  expect(judge("HEAD", "/v1/function")).toBe("a");
});

test("everything else does not", () => {
  expect(judge("POST", "/v1/function")).toBeUndefined();
  expect(judge("GET", "/v1/secret")).toBeUndefined();
  expect(judge("GET", "/v1/function", "b")).toBeUndefined();
  expect(judge("TRACE", "/v1/function")).toBeUndefined();
});

test("to send an event is a right of its own", () => {
  expect([judge("POST", "/v1/event"), judge("POST", "/v1/event/ingest?authToken=x")]).toEqual(["a", "a"]);
  expect([judge("POST", "/v1/event/subscriptions"), judge("GET", "/v1/event")]).toEqual([undefined, undefined]);
});

test("a request that the proxy did not describe does not go on", () => {
  expect(judge(undefined, "/v1/function")).toBeUndefined();
  expect(judge("GET", undefined)).toBeUndefined();
  expect(judge("GET", "http://elsewhere/v1/function")).toBeUndefined();
});

test("dots and slashes in a path cannot hide its resource", () => {
  for (const path of ["/v1/function/../secret", "/v1/function/%2e%2e/secret", "//v1//secret", "/v1/./secret/x"]) {
    expect([path, judge("GET", path)]).toEqual([path, undefined]);
  }
});

test("what is no resource is open to whoever belongs there", () => {
  expect(judge("GET", "/home")).toBe("a");
  expect(judge("GET", "/home", "b")).toBeUndefined();
  expect(judge("GET", "/home", "b", administrator)).toBe("b");
});

test("the administrator belongs nowhere and must name an organization", () => {
  expect(judge("DELETE", "/v1/secret/x", "a", administrator)).toBe("a");
  expect(judge("DELETE", "/v1/secret/x", "", administrator)).toBeUndefined();
});
