import { describe, expect, test } from "vitest";
import { matches, refuseBadPattern } from "./matching.ts";

describe("a subscription's pattern", () => {
  const cases = [
    ["vm.deployed", "vm.deployed", true],
    ["vm.deployed", "vm.deployed.again", false],
    ["vm.deployed", "VM.deployed", false],
    ["vm.*", "vm.deployed", true],
    ["vm.*", "vm", false],
    ["vm.*", "vm.being.deployed", false],
    ["*.deployed", "vm.deployed", true],
    ["*", "vm", true],
    ["*", "vm.deployed", false],
    ["vm.>", "vm.being.deployed", true],
    ["vm.>", "vm.deployed", true],
    ["vm.>", "vm", false],
    ["*.being.>", "vm.being.deployed", true],
    [">", "anything.at.all", true],
    ["vm..x", "vm..x", true],
  ] as const;

  test.each(cases)("%s covers %s: %s", (pattern, eventType, covered) => {
    expect(matches(pattern, eventType)).toBe(covered);
  });

  test.each(["vm.*", ">", "*.x.>", "plain-type_1.0"])("%s is accepted", (pattern) => {
    refuseBadPattern(pattern);
  });

  test.each(["vm*", "a.>.b", "a.b>", "**"])("%s is refused with a sentence that shows how to write it", (pattern) => {
    expect(() => refuseBadPattern(pattern)).toThrow(/cannot stand there: \* is one whole part .*, > the last one/);
  });
});
