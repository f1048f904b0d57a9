import { describe, expect, test } from "vitest";
import { isOverBudget, measure } from "./parser-budgets.ts";
import { parsers } from "./parsers.ts";

describe.each(parsers)("$name", (budget) => {
  test.each(Object.keys(budget.shapes))("reads %s in linear time", async (shape) => {
    const measured = await measure(budget, shape);
    expect(isOverBudget(measured), JSON.stringify(measured)).toBe(false);
  });
});

test("a quadratic parser is found", async () => {
  const quadratic = (text: string) => {
    let found = 0;
    for (let at = 0; at < text.length; at += 8) found += text.indexOf("b", at);
    return found;
  };
  const shapes = { letters: (bytes: number) => "a".repeat(bytes) };
  const measured = await measure({ name: "quadratic", largest: 128 * 1024, shapes, read: quadratic }, "letters", 1);
  expect(isOverBudget(measured)).toBe(true);
});
