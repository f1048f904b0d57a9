import { expect, test } from "vitest";
import { type Principal, principalText } from "../shared/principal.ts";
import { principalOf, recordedPeople } from "./record.ts";

const ADMIN = "administrator:administrator";

test.each([
  ["a service account, which keeps its home", { kind: "service-account", id: "other/ci", organization: "other" }],
  [
    "a function, which acts for its people",
    { kind: "function", id: "0190a0f4-7a9c-7b4e", organization: "home", people: ["service-account:home/ci", ADMIN] },
  ],
  ["the server, with a colon in its name", { kind: "system", id: "subscription a:b", organization: "home" }],
  ["an endpoint of the administrator", { kind: "endpoint", id: "c", organization: "home", people: [ADMIN] }],
  ["an endpoint", { kind: "endpoint", id: "c", organization: "home", people: ["service-account:home/ci"] }],
] as const)("a run that is taken up again is still of %s", (_, asked) => {
  const principal: Principal = { ...asked, via: "rest" };
  const people = recordedPeople(principal);
  const record = { organization: "home", principal: principalText(principal), people };
  expect(principalOf(record)).toEqual({ ...asked, via: "recovery" });
});
