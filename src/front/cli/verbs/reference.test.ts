import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { referenceText } from "../../../../scripts/command-reference.ts";
import type { Command } from "../context/context.ts";
import { globalFlags } from "../context/settings.ts";
import { rootCommand } from "./root.ts";

const root = await rootCommand();
const committed = readFileSync(new URL("../../../../docs/generated/cli.md", import.meta.url), "utf8");

test("docs/generated/cli.md describes the commands as they are (if not: node scripts/cli-reference.ts)", () => {
  expect(committed === referenceText(root, globalFlags)).toBe(true);
});

function all(command: Command): readonly Command[] {
  return [command, ...(command.commands ?? []).flatMap(all)];
}

test("every command has a summary and a complete example", () => {
  for (const { name, summary, examples } of all(root)) {
    expect(summary, name).toMatch(/^[A-Z].*[^.]$/);
    expect(examples.length, name).toBeGreaterThan(0);
    for (const example of examples) expect(example).toMatch(/\bdispatch /);
  }
});

test("no two commands of a group answer to the same word", () => {
  for (const group of all(root)) {
    const words = (group.commands ?? []).flatMap(({ name, aliases = [] }) => [name, ...aliases]);
    expect(words, group.name).toEqual([...new Set(words)]);
  }
});
