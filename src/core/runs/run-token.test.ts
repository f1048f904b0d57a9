import { expect, test } from "vitest";
import { linesWithoutToken, newRunToken, runOfToken, withoutToken } from "./run-token.ts";

const id = "0199aaaa-0000-7000-8000-000000000000";
const token = newRunToken(id);

test("a token names its run", () => {
  expect(runOfToken(token)).toBe(id);
  expect(runOfToken(id)).toBeUndefined();
});

test("no text keeps it, however often it stands there; the id alone stays", () => {
  expect(withoutToken(id, `{"a":"${token}","b":"Bearer ${token}.","run":"${id}."}`)).toBe(
    `{"a":"***","b":"Bearer ***.","run":"${id}."}`,
  );
  expect(linesWithoutToken(id, ["one", `x${token}y`])).toEqual(["one", "x***y"]);
  expect(linesWithoutToken(id, null)).toBeNull();
});
