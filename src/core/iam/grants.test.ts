import { describe, expect, test } from "vitest";
import { EVERYWHERE, type Right } from "../shared/iam.ts";
import { ADMINISTRATOR } from "../shared/principal.ts";
import type { ResourceRecord } from "../store/resource-store.ts";
import type { Rule } from "./contract.ts";
import type { PolicyDocument } from "./grants.ts";
import { compileGrants, isGranted } from "./grants.ts";

function policy(organization: string, rule: Partial<Rule>, global = false): ResourceRecord<PolicyDocument> {
  const rules = [{ subjects: ["ci"], resources: ["function"], actions: ["get" as const], ...rule }];
  const stamps = {
    id: "",
    generation: 1,
    born: 0,
    created: 0,
    modified: 0,
    author: ADMINISTRATOR,
    owner: ADMINISTRATOR,
    description: "",
  };
  return { organization, name: "p", ...stamps, document: { global, rules } };
}

interface Question {
  readonly account?: string;
  readonly home?: string;
  readonly resource?: string;
  readonly action?: Right;
  readonly organization?: string;
}

function granted(policies: ResourceRecord<PolicyDocument>[], question: Question = {}): boolean {
  const { account = "ci", home = "a", resource = "function", action = "get", organization = home } = question;
  const permission = { resource, action, organization };
  return isGranted(compileGrants(policies), `${home}/${account}`, home, permission);
}

describe("a rule", () => {
  const rule = policy("a", {});

  test("grants what it names and nothing else", () => {
    expect(granted([rule])).toBe(true);
    expect(granted([rule], { resource: "runs" })).toBe(false);
    expect(granted([rule], { action: "create" })).toBe(false);
    expect(granted([rule], { account: "cd" })).toBe(false);
    expect(granted([])).toBe(false);
  });

  test("takes a star for every resource and every action", () => {
    expect(granted([policy("a", { resources: ["*"] })], { resource: "runs" })).toBe(true);
    expect(granted([policy("a", { actions: ["*"] })], { action: "reveal" })).toBe(true);
  });

  test("knows no star among subjects, and no part of a name", () => {
    for (const subjects of [["*"], ["c"], ["ci "], ["CI"], ["a/*"], ["*/ci"]]) {
      expect(granted([policy("a", { subjects })])).toBe(false);
    }
  });

  test("cannot be forged by a subject that holds separators", () => {
    const subjects = ["x, ci, *, *", "ci,*", "ci\nci", "x/a/ci"];
    expect(granted([policy("a", { subjects, resources: ["secret"] })])).toBe(false);
  });

  test("to get secrets neither reveals nor uses them", () => {
    const secrets = policy("a", { resources: ["secret"] });
    expect(granted([secrets], { resource: "secret" })).toBe(true);
    expect(granted([secrets], { resource: "secret", action: "reveal" })).toBe(false);
    expect(granted([secrets], { resource: "secret", action: "use" })).toBe(false);
  });
});

describe("an account", () => {
  test("is nobody where another account has its name", () => {
    const theirs = policy("b", { resources: ["*"], actions: ["*"] });
    expect(granted([theirs], { home: "a", organization: "b" })).toBe(false);
    expect(granted([theirs], { home: "a", organization: "a" })).toBe(false);
    expect(granted([theirs], { home: "b" })).toBe(true);
  });

  test("may be written with its organization, at home", () => {
    expect(granted([policy("a", { subjects: ["a/ci"] })])).toBe(true);
  });

  test("gets nothing from another organization's policy, even one that names it in full", () => {
    const invitation = policy("b", { subjects: ["a/ci"] });
    expect(granted([invitation], { organization: "b" })).toBe(false);
    expect(granted([invitation], { organization: "a" })).toBe(false);
  });

  test("reaches every organization through a global policy that names it in full", () => {
    const everywhere = policy("ops", { subjects: ["a/ci"] }, true);
    expect(granted([everywhere], { organization: "a" })).toBe(true);
    expect(granted([everywhere], { organization: "b" })).toBe(true);
    expect(granted([everywhere], { organization: EVERYWHERE })).toBe(true);
    expect(granted([everywhere], { home: "b", organization: "b" })).toBe(false);
  });

  test("stays at home under a global policy that names it in short", () => {
    const short = policy("a", {}, true);
    expect(granted([short])).toBe(true);
    expect(granted([short], { organization: "b" })).toBe(false);
    expect(granted([short], { home: "b", organization: "b" })).toBe(false);
  });
});
