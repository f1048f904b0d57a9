import { describe, expect, test } from "vitest";
import { maven } from "./maven.ts";

describe("a pom.xml", () => {
  test.each([
    ["that is cut off", "<project><dependencies>", "does not end with </project>"],
    ["that is none", "six==1.16.0", "has no <project>"],
  ])("%s is refused", (_, pom, message) => expect(() => maven.isNeeded(pom)).toThrow(message));

  test.each([
    ["with dependencies", "<project><dependency></dependency></project>", true],
    ["whose parent may have some", "<project>\n<parent></parent>\n</project>\n<!-- end -->\n", true],
    ["whose modules would be beside it", "<project><modules><module>a</module></modules></project >", true],
    ["without", '<?xml version="1.0"?><project xmlns="x"><name>a</name></project>', false],
    ["of no text", " \n", false],
  ])("%s: Maven is asked: %s", (_, pom, needed) => expect(maven.isNeeded(pom)).toBe(needed));
});

test("what Maven complains about is found in both forms of its log, without its advice and traces", () => {
  const own = "[main] ERROR org.apache.maven.cli.MavenCli -";
  const lines = [
    ...["[INFO] Scanning", "[ERROR] no such artifact", "[ERROR] Re-run Maven using -X", "    at a.B.c(B.java:1)"],
    ...[`${own} Failed to collect a:b:jar:1 -> [Help 1]`, `${own}`, `${own} `, `${own} [Help 1] http://x`],
  ];
  expect(maven.complaints(lines)).toEqual([lines[1], lines[4]]);
});
