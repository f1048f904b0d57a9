/** Comments cite the pages of docs/spec by file and number: each citation leads to a heading there. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const FOLDERS = ["src", "test", "bench", "apps", "packages", "scripts", "docs"];
const PAGES = ["server", "cli-and-runtimes", "wire-examples", "decisions"];

/** `server.md 2.6 to 2.14`, `decisions 13, 16 and 18b`, `server.md 0 rule 13`. */
const CITATION =
  /\b(server\.md|cli-and-runtimes\.md|wire-examples(?:\.md)?|decisions?(?:\.md)?)((?:,? (?:and |to |section |rule |step )?\d+(?:\.\d+)*[a-f]?\b)+)/gi;

function headingsOf(page: string): Set<string> {
  const text = readFileSync(join(root, "docs/spec", `${page}.md`), "utf8");
  return new Set(Array.from(text.matchAll(/^#+ (\d+(?:\.\d+)*[a-f]?) /gm), ([, number = ""]) => number));
}

const headings = new Map(PAGES.map((page) => [page, headingsOf(page)]));

/** What a text cites: page and number. */
function citationsOf(text: string): [page: string, number: string][] {
  // A comment goes on in its next line.
  const plain = text.replaceAll(/\s*\n\s*(?:\*|\/\/|#)?\s*/g, " ");
  return Array.from(plain.matchAll(CITATION)).flatMap(([, name = "", numbers = ""]) => {
    const page = name
      .toLowerCase()
      .replace(/\.md$/, "")
      .replace(/^decision$/, "decisions");
    const cited = numbers.replaceAll(/(?:rule|step) \d+/g, "").match(/\d+(?:\.\d+)*[a-f]?/g) ?? [];
    return cited.map((number): [string, string] => [page, number]);
  });
}

const files = FOLDERS.flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(?:ts|py|md|sh)$/.test(name) && !/(?:^|\/)(?:node_modules|dist|generated)\//.test(name))
    .map((name) => join(folder, name)),
);

test("every citation of docs/spec leads to a heading there", () => {
  const cited = files.flatMap((file) =>
    citationsOf(readFileSync(join(root, file), "utf8")).map(([page, number]) => ({ file, page, number })),
  );
  expect(cited.length).toBeGreaterThan(150);
  const lost = cited.filter(({ page, number }) => headings.get(page)?.has(number) !== true);
  expect(lost.map(({ file, page, number }) => `${file}: ${page}.md ${number}`)).toEqual([]);
});

test.each<[string, [string, string][]]>([
  [
    "(server.md 2.6 to 2.14)",
    [
      ["server", "2.6"],
      ["server", "2.14"],
    ],
  ],
  [
    "(decisions 13, 16 and 18b)",
    [
      ["decisions", "13"],
      ["decisions", "16"],
      ["decisions", "18b"],
    ],
  ],
  [
    "server.md 0 rule 13, decision 18)",
    [
      ["server", "0"],
      ["decisions", "18"],
    ],
  ],
  [
    "(server.md 5, decisions 10\n * to 14)",
    [
      ["server", "5"],
      ["decisions", "10"],
      ["decisions", "14"],
    ],
  ],
  ["two decisions of 10 people", []],
])("%j is read as it is meant", (text, expected) => {
  expect(citationsOf(text)).toEqual(expected);
});
