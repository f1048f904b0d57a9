import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { withForgivingScripts } from "./npm.ts";

/** Runs a script as npm does. */
const sh = (script: string): string => execFileSync("sh", ["-c", script], { encoding: "utf8", stdio: "pipe" });

const scriptsOf = (scripts: object): Record<string, string> =>
  (JSON.parse(withForgivingScripts(JSON.stringify({ name: "opsbot", scripts }))) as { scripts: Record<string, string> })
    .scripts;

test.each([
  ["prepare", "no-such-program-here"],
  ["postinstall", "node no/such/file.js"],
  ["preinstall", 'exit 3 # it\'s "quoted"'],
  ["install", "if"],
])("the manifest's own %s that fails (%s) is left out, and told", (name, script) => {
  const forgiving = scriptsOf({ [name]: script })[name] ?? "";
  expect(sh(forgiving)).toContain(`the manifest's own script ${name} does not work without its files (exit code `);
});

test("one that works runs as it was written, quotes and all", () => {
  const { postinstall = "" } = scriptsOf({ postinstall: `printf '%s\\n' "it's" 'a "test"' $((1 + 1))` });
  expect(sh(postinstall)).toBe('it\'s\na "test"\n2\n');
});

test("scripts that npm install does not run, and everything else, stay", () => {
  const manifest = { name: "a", scripts: { test: "vitest", build: "tsc" }, dependencies: { lodash: "4" } };
  expect(JSON.parse(withForgivingScripts(JSON.stringify(manifest)))).toEqual(manifest);
  expect(withForgivingScripts('{"dependencies": {}}')).toBe('{"dependencies": {}}');
});
