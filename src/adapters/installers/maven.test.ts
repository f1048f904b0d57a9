import { describe, expect, test } from "vitest";
import { maven, settingsXml } from "./maven.ts";

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

describe("the settings that Maven gets", () => {
  test("name the proxies and the hosts that need none; small letters count more", () => {
    const environment = {
      http_proxy: "http://a:3128",
      HTTP_PROXY: "http://b:1",
      HTTPS_PROXY: "http://c",
      no_proxy: "x.test,.y",
    };
    const rest = "<nonProxyHosts>x.test|*.x.test|*.y</nonProxyHosts></proxy>";
    expect(settingsXml(environment)).toBe(
      "<settings><proxies>" +
        `<proxy><id>http</id><protocol>http</protocol><host>a</host><port>3128</port>${rest}` +
        `<proxy><id>https</id><protocol>https</protocol><host>c</host><port>80</port>${rest}</proxies></settings>\n`,
    );
  });

  test("name the mirror, whatever letters its address has", () => {
    const url = "<mirrorOf>*</mirrorOf><url>https://m.test/?a=1&amp;b=&lt;</url>";
    expect(settingsXml({ MAVEN_MIRROR_URL: "https://m.test/?a=1&b=<" })).toContain(url);
  });
});
