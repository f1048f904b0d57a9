/** What every kind of resource file has in common: mistakes are named with their place and the nearest word. */
import { describe, expect, test } from "vitest";
import type { FieldSchema } from "../kinds/kind.ts";
import { allKinds } from "../kinds/kinds.ts";
import { parseBatch } from "./parse-batch.ts";

const sources = (text: string) => [{ label: "all.yaml", text, beside: { folder: "/" } }];

function problems(text: string): string {
  try {
    parseBatch(sources(text), "create");
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
}

/** A value of the right form. */
function valueFor(schema: FieldSchema): string {
  if (schema.type === "array") return `[${valueFor(schema.items ?? {})}]`;
  if (schema.type === "object" && schema.properties) {
    const needed = Object.entries(schema.properties).filter(([key]) => schema.required?.includes(key));
    return `{${needed.map(([key, field]) => `${key}: ${valueFor(field)}`).join(", ")}}`;
  }
  const simple: Readonly<Record<string, string>> = { boolean: "yes", integer: "1", number: "1", object: "{}" };
  return simple[schema.type ?? ""] ?? "word";
}

describe.each(allKinds.map((kind) => [kind.kind, kind] as const))("%s", (word, kind) => {
  const properties = Object.entries(kind.schema.properties ?? {}).filter(([key]) => key !== "kind");
  const complete = properties.map(([key, schema]) => `${key}: ${valueFor(schema)}\n`);

  test("takes every key that it has on the wire, in capitals too", () => {
    const text = `kind: ${word}\n${complete.join("")}`;
    expect(problems(text)).toBe("");
    const capitals = complete.map((line) => line.replace(/^[^:]+/, (key) => key.toUpperCase())).join("");
    expect(parseBatch(sources(`KIND: ${word}\n${capitals}`), "create")[0]?.body).toEqual(
      parseBatch(sources(text), "create")[0]?.body,
    );
  });

  test("names a misspelt key with its place and the nearest one", () => {
    for (const [key] of properties.filter(([name]) => name.length > 3)) {
      const misspelt = `${key.slice(0, 2)}x${key.slice(2)}`;
      const text = `# a comment\nkind: ${word}\n${complete.join("")}${misspelt}: x\n`;
      expect(problems(text), key).toBe(
        `all.yaml:${complete.length + 3}:1: unknown key "${misspelt}" in ${word}; did you mean "${key}"?`,
      );
    }
  });

  test("names a value of the wrong form with its place", () => {
    for (const [key, schema] of properties.filter(([, field]) => field.type !== undefined)) {
      const wrong = schema.type === "object" ? "[]" : "{a: {}}";
      const text = `kind: ${word}\n${complete.filter((line) => !line.startsWith(`${key}:`)).join("")}${key}: ${wrong}\n`;
      expect(problems(text), key).toContain(`all.yaml:${complete.length + 1}:${key.length + 3}: "${key}" must be `);
    }
  });

  test("names the keys that are missing, with the place where the resource begins", () => {
    const missing = ["name", ...kind.required].map(
      (key) => `all.yaml:2:1: ${word} lacks the key ${JSON.stringify(key)}`,
    );
    expect(problems(`---\nkind: ${word}\n`)).toContain(missing.join("\n"));
  });

  test("is suggested for its misspelt word", () => {
    const misspelt = `${word.slice(0, -1)}x${word.slice(-1)}`;
    expect(problems(`kind: ${misspelt}\n`)).toBe(`all.yaml:1:7: unknown kind "${misspelt}"; did you mean ${word}?`);
  });
});
