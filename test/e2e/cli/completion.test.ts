/** Completion in the shells themselves, with names that a real server gives. */
import { execFile, execFileSync } from "node:child_process";
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { programPath, runCommand, writeFiles } from "../support/command-line.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server.ts";

let server: ServerProcess;
let folder: string;

beforeAll(async () => {
  server = await startServer();
  folder = await temporaryFolder();
  await writeFiles(folder, { "secret.json": '{"key": "value"}' });
  for (const name of ["alpha", "alps", "beta"]) {
    const environment = { DISPATCH_PORT: new URL(server.api).port };
    await runCommand(["create", "secret", name, "secret.json"], { cwd: folder, environment });
  }
});

afterAll(async () => {
  await server.dispose();
  await rm(folder, { recursive: true, force: true });
});

function isInstalled(shell: string): boolean {
  try {
    return execFileSync(shell, ["-c", "echo yes"]).length > 0;
  } catch {
    return false;
  }
}

/** What a shell prints, with the command line on its path. */
function run(shell: string, args: readonly string[]): Promise<string> {
  const env = {
    PATH: `${dirname(programPath)}:${process.env.PATH ?? ""}`,
    HOME: folder,
    DISPATCH_PORT: new URL(server.api).port,
  };
  return new Promise((resolve, reject) => {
    execFile(shell, args, { cwd: folder, env }, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(stderr)),
    );
  });
}

/** By shell: a program that prints, one a line, what it would offer for words of which the last is begun. */
const offers: Readonly<Record<string, (words: readonly string[]) => readonly string[]>> = {
  bash: (words) => [
    "--norc",
    "-c",
    `source <(dispatch completion bash); COMP_WORDS=(${quoted(words)}); COMP_CWORD=${words.length - 1}; _dispatch; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  zsh: (words) => [
    "-f",
    "-c",
    `compdef() {}; compadd() { shift; print -l -- "$@" }; _files() {}; source <(dispatch completion zsh)
     words=(${quoted(words)}); CURRENT=${words.length}; _dispatch`,
  ],
  fish: (words) => ["-N", "-c", `dispatch completion fish | source; complete -C '${words.join(" ")}'`],
};

function quoted(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(" ");
}

const cases: readonly (readonly [begun: string, offered: readonly string[]])[] = [
  ["dispatch get sec", ["secret"]],
  ["dispatch delete secret al", ["alpha", "alps"]],
  ["dispatch delete secret -o json al", ["alpha", "alps"]],
  ["dispatch edit secret be", ["beta"]],
  ["dispatch create function f hello.js --secret be", ["beta"]],
  ["dispatch get functions -o y", ["yaml"]],
  ["dispatch create api --http", ["--https-only", "--http-response"]],
];

describe.each(Object.keys(offers))("%s", (shell) => {
  const installed = isInstalled(shell);

  test.skipIf(!installed).each(cases)(
    installed ? "offers after `%s`: %j" : `SKIPPED, ${shell} is not installed: after \`%s\` it offers %j`,
    async (begun, offered) => {
      const args = offers[shell]?.(begun.split(" ")) ?? [];
      expect(lines(await run(shell, args))).toEqual([...offered].sort());
    },
  );
});

function lines(text: string): string[] {
  return text.split("\n").filter(Boolean).sort();
}
