/** Whatever a call reads as text is refused when it is not, and marks of its encoding are no part of it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { brokenWord } from "../../../core/shared/utf8.ts";
import { call, recordedServer, temporaryFolder } from "../cli.fixture.ts";

const broken = Buffer.from('{"a":"Zo\xeb"}', "latin1");
const marked = Buffer.from('\uFEFF{"a":"Zoë"}', "utf16le");

const json = [
  ["secret", ["create", "secret", "s", "F"]],
  ["schema", ["create", "function", "f", "f.py", "--image", "i", "--schema-in", "F"]],
  ["input", ["exec", "f", "--input", "@F"]],
  ["event", ["emit", "e", "--data-from-file", "F"]],
  ["manifest", ["create", "image", "i", "b", "--runtime-deps", "F"]],
  ["system packages", ["create", "image", "i", "b", "--system-deps", "F"]],
  ["resources", ["apply", "-f", "F"]],
  ["configuration", ["get", "functions", "--config", "F"]],
] as const;

async function callWith(words: readonly string[], bytes: Buffer) {
  const cwd = temporaryFolder({ "f.py": "def handle(context, payload): pass" });
  writeFileSync(join(cwd, "data.json"), bytes);
  const { env, requests } = await recordedServer(() => ({ status: 200, body: {} }));
  const result = await call(
    words.map((word) => word.replace("F", "data.json")),
    { cwd, env },
  );
  return { ...result, requests };
}

describe("a file that is not UTF-8 is refused with its name and the byte, and nothing is sent", () => {
  test.each(json)("%s", async (_what, words) => {
    const { status, stderr, requests } = await callWith(words, broken);
    expect(stderr).toMatch(/data\.json is not UTF-8 \(byte 8, on line 1, is 0xeb\): save it as UTF-8\n/);
    expect({ status, requests }).toEqual({ status: 1, requests: [] });
  });
});

test("UTF-16 with a mark is read", async () => {
  const { requests } = await callWith(["create", "secret", "s", "F"], marked);
  expect(requests[0]?.body).toMatchObject({ secrets: { a: "Zoë" } });
});

test("a source whose file name is not UTF-8 is refused with that reason", async () => {
  const cwd = temporaryFolder({ "src/f.py": "" });
  writeFileSync(Buffer.concat([Buffer.from(join(cwd, "src/")), Buffer.from("Zo\xeb", "latin1")]), "");
  const { stderr } = await call(["create", "function", "f", "src", "--handler", "f.handle", "--image", "i"], { cwd });
  expect(stderr).toContain("the name of the file ./Zo? is not UTF-8: rename it");
});

test("a word of the command line that is not UTF-8 is named", () => {
  const line = Buffer.from("node\0main.js\0exec\0f\0--input\0Zo\xeb\0", "latin1");
  const words = ["exec", "f", "--input", "Zo\uFFFD"];
  expect(brokenWord(words, () => line)).toMatch(/^argument 4 is not UTF-8 \(byte 2\)/);
  expect(brokenWord(["exec"], () => line)).toBeUndefined();
  expect(brokenWord(["\uFFFD"], () => Buffer.from("node\0\uFFFD\0"))).toBeUndefined();
});
