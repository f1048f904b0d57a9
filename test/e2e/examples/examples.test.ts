/** Each example is deployed and run by the commands of its own table. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findInterpreter } from "../../../src/adapters/languages/languages.ts";
import { languageNames } from "../../../src/core/languages/languages.ts";
import type { Language } from "../../../src/core/shared/ports.ts";
import { providePowerShell } from "../../support/powershell.ts";
import { type CommandResult, runCommand } from "../support/command-line.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server.ts";
import { until } from "../support/until.ts";

providePowerShell();
const root = fileURLToPath(new URL("../../../", import.meta.url));

interface Example {
  readonly title: string;
  readonly language: Language;
  readonly deploy: string;
  readonly run: string;
}

const examples: readonly Example[] = readFileSync(`${root}examples/README.md`, "utf8")
  .split("\n")
  .flatMap((line) => {
    const [, title = "", deploy = "", run = ""] =
      /^\| (.+?) \| `dispatch (.+?)` \| `dispatch (.+?)` \|$/.exec(line) ?? [];
    const language = languageNames.find((name) => deploy.includes(`--image ${name} `));
    return language === undefined ? [] : [{ title, language, deploy, run }];
  });

/** Words of a command, as a shell takes them: `'...'` is one. */
const words = (command: string): string[] =>
  [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");

interface Feature {
  readonly title: string;
  readonly lines: readonly string[];
  /** What the last line prints, without blanks. */
  readonly printed: string;
}

const features: readonly Feature[] = [
  ...readFileSync(`${root}examples/README.md`, "utf8").matchAll(/^### (.+)\n\n```sh\n([\s\S]+?)\n# (.+)\n```$/gm),
].map(([, title = "", lines = "", printed = ""]) => ({ title, lines: lines.split("\n"), printed: dense(printed) }));

/** JSON however it is laid out. */
function dense(text: string): string {
  return text.replaceAll(/\s/g, "");
}

const missing = new Map<Language, string>();
for (const language of languageNames) {
  const search = await findInterpreter(language);
  if (!search.found) missing.set(language, search.reason);
}

describe("examples", () => {
  let server: ServerProcess;
  let home: string;
  const dispatch = (command: string): Promise<CommandResult> =>
    runCommand(words(command), {
      cwd: root,
      environment: { DISPATCH_PORT: new URL(server.api).port, HOME: home },
    });

  beforeAll(async () => {
    server = await startServer();
    home = await temporaryFolder();
    // Images with packages need a registry: here only those of the languages themselves.
    for (const language of languageNames) {
      const base = `create base-image ${language}-base dispatchframework/${language}-base:0.0.13 --language ${language}`;
      await dispatch(base);
      await dispatch(`create image ${language} ${language}-base`);
    }
  });
  afterAll(() => server?.dispose());

  test("are there for every language", () => {
    expect(new Set(examples.map(({ language }) => language))).toEqual(new Set(languageNames));
  });

  for (const { title, language, deploy, run } of examples) {
    const reason = missing.get(language);
    test.skipIf(reason !== undefined)(`${title}${reason === undefined ? "" : ` (SKIPPED: ${reason})`}`, async () => {
      expect(await dispatch(deploy)).toMatchObject({ status: 0 });
      const { stdout, status } = await dispatch(run);
      expect([JSON.parse(stdout), status]).toEqual([{ text: "Hello, Ada" }, 0]);
    });
  }

  /** A line as a shell runs it, with this server in the place of the one at the usual ports. */
  const shell = (line: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const here = line.replace("http://127.0.0.1:8081", server.gateway);
      const env = { PATH: `${root}bin:${process.env.PATH}`, HOME: home, DISPATCH_PORT: new URL(server.api).port };
      execFile("sh", ["-ec", here], { cwd: root, env }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${line}: ${stdout}${stderr}`));
      });
    });

  test("are there for many features", () => {
    expect(features.length).toBeGreaterThan(7);
  });

  for (const { title, lines, printed } of features) {
    test(`${title}: does what its page says`, async () => {
      for (const line of lines.slice(0, -1)) await shell(line);
      await until(`it prints ${printed}`, async () =>
        dense(await shell(lines.at(-1) ?? "")).includes(printed) ? true : undefined,
      );
    });
  }

  test("a language whose interpreter is missing says how to get it", async () => {
    const { stdout } = await dispatch("get base-images -o json");
    for (const { name, status, reason } of JSON.parse(stdout) as { name: string; status: string; reason: string[] }[]) {
      const absent = missing.get(name.replace("-base", "") as Language);
      expect([name, status]).toEqual([name, absent === undefined ? "READY" : "ERROR"]);
      if (absent !== undefined) expect(reason.join()).toMatch(/install/);
    }
  });
});
