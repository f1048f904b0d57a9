import { matchesGlob } from "node:path";

/** Whether a path below the source folder (`lib/a.js`) stays at home. */
export type Ignore = (path: string, isFolder: boolean) => boolean;

interface Rule {
  readonly patterns: readonly string[];
  readonly foldersOnly: boolean;
  /** `!pattern` takes files back in. */
  readonly ignores: boolean;
}

const always = [".git", ".dispatchignore", ".DS_Store", "__pycache__/", "node_modules/.cache"];

/** The rules of a `.dispatchignore`, lines as in `.gitignore`, after those that always hold; the last that fits decides. */
export function ignoreRules(text: string): Ignore {
  const rules = [...always, ...text.split(/\r?\n/)]
    .map((line) => line.trimEnd())
    .filter(isRule)
    .map(ruleOf);
  return (path, isFolder) => {
    const fitting = rules.filter((rule) => (isFolder || !rule.foldersOnly) && fits(rule, path));
    return fitting.at(-1)?.ignores ?? false;
  };
}

function isRule(line: string): boolean {
  return line !== "" && !line.startsWith("#");
}

function ruleOf(line: string): Rule {
  const ignores = !line.startsWith("!");
  const foldersOnly = line.endsWith("/");
  const pattern = line.replace(/^!/, "").replace(/\/$/, "");
  return { patterns: patternsOf(pattern), foldersOnly, ignores };
}

/** A pattern without a slash fits at any depth, one with a slash from the top. */
function patternsOf(pattern: string): readonly string[] {
  if (pattern.includes("/")) return [pattern.replace(/^\//, "")];
  return [pattern, `**/${pattern}`];
}

function fits(rule: Rule, path: string): boolean {
  return rule.patterns.some((pattern) => matchesGlob(path, pattern));
}
