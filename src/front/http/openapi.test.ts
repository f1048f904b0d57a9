import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { documentText } from "./docs.ts";
import { allOperations } from "./operations.ts";

const committed = readFileSync(new URL("../../../docs/generated/openapi.json", import.meta.url), "utf8");

interface Document {
  readonly paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
}

const document = JSON.parse(committed) as Document;
const described = Object.values(document.paths).flatMap((path) => Object.values(path));

test("docs/generated/openapi.json describes the contracts as they are (if not: node scripts/openapi.ts)", () => {
  expect(committed === documentText(allOperations())).toBe(true);
});

test("every operation is described once, with the statuses of its success and an error schema", () => {
  const operations = allOperations();
  expect(described).toHaveLength(operations.length);
  expect(new Set(described.map(({ operationId }) => operationId)).size).toBe(operations.length);
  for (const { method, path, success } of operations) {
    const { responses } = document.paths[path]?.[method.toLowerCase()] ?? { responses: {} };
    expect(Object.keys(responses), `${method} ${path}`).toEqual(expect.arrayContaining([String(success), "default"]));
  }
});

test("no reference leads nowhere", () => {
  const references = [...committed.matchAll(/"\$ref": "#\/([^"]+)"/g)].map(([, path = ""]) => path);
  expect(references.length).toBeGreaterThan(100);
  for (const reference of new Set(references)) {
    const target = reference.split("/").reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], document);
    expect(target, reference).toBeDefined();
  }
});

test("what only the server's own validator knows does not get out", () => {
  expect(committed).not.toMatch(/patternMessage|event-time/);
});
