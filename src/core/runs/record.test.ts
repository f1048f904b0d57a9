import { expect, test } from "vitest";
import type { Principal } from "../shared/principal.ts";
import { principalOf, principalText } from "./record.ts";

test.each([
  ["a service account, which keeps its home", { kind: "service-account", id: "other/ci", organization: "other" }],
  ["a function of the organization", { kind: "function", id: "0190a0f4-7a9c-7b4e", organization: "home" }],
  ["a subscription with a colon in its name", { kind: "system", id: "subscription a:b", organization: "home" }],
  ["an endpoint", { kind: "endpoint", id: "cloudmaster", organization: "home" }],
] as const)("a run that is taken up again is still of %s", (_, asked) => {
  const principal: Principal = { ...asked, via: "rest" };
  const record = { organization: "home", principal: principalText(principal) };
  expect(principalOf(record)).toEqual({ ...asked, via: "recovery" });
});
