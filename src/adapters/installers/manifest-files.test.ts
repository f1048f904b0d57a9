import { describe, expect, test } from "vitest";
import { refusePackageFiles, refuseRequirementFiles } from "./manifest-files.ts";

describe("requirements", () => {
  test.each([
    "-r other.txt",
    "-rother.txt",
    "--requirement=o.txt",
    "-c c.txt",
    "-e .",
    ".",
    "./lib",
    "../x.whl",
    "/x.whl",
  ])("%s is refused with its line", (line) =>
    expect(() => refuseRequirementFiles(`six\n${line}\n`)).toThrow(`line 2, "${line}", names a file`),
  );
  test.each(["file:///x.whl", "lib @ file:///srv/lib", "--constraint c.txt", "-e ./lib[extra]"])("%s, too", (line) =>
    expect(() => refuseRequirementFiles(line)).toThrow("line 1"),
  );
  test.each([
    "six==1.16.0 # see file:readme",
    "requests[socks]>=2; python_version > '3'",
    "--index-url https://pypi.example.com/simple",
    "-i https://pypi.example.com/simple",
    "lib @ https://example.com/lib.whl",
    "-e git+https://example.com/x.git#egg=x",
    "-f https://example.com/links",
  ])("%s is taken", (line) => expect(() => refuseRequirementFiles(line)).not.toThrow());
});

describe("package.json", () => {
  test.each(["file:../lib", "link:./lib", "./lib", "../lib", "/srv/lib", "~/lib", "workspace:*"])(
    "%s is refused",
    (at) =>
      expect(() => refusePackageFiles({ dependencies: { six: "1", lib: at } })).toThrow(
        `dependencies has "lib" at "${at}"`,
      ),
  );
  test("what is no dependency is refused with its place, not left to npm", () => {
    expect(() => refusePackageFiles({ dependencies: ["six"] })).toThrow("dependencies must be an object of names");
    expect(() => refusePackageFiles({ devDependencies: { six: 5 } })).toThrow(
      'devDependencies has "six" at 5: a version',
    );
    expect(() => refusePackageFiles({ peerDependencies: null })).not.toThrow();
  });
  test.each(["^1.0.0", "*", "latest", "npm:other@1", "git+https://example.com/x.git", "user/repository", "~1.2"])(
    "%s is taken",
    (version) => expect(() => refusePackageFiles({ dependencies: { lib: version } })).not.toThrow(),
  );
});
