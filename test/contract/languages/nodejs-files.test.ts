/** TypeScript of several files: what `import` finds, as in every other tool for TypeScript. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createHarness, findObstacle, type Harness, run, startFunction, suiteName } from "../runtime-harness.ts";

const obstacle = await findObstacle();

describe.skipIf(obstacle !== undefined)(suiteName("TypeScript of several files", obstacle), () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await createHarness();
  });
  afterAll(() => harness.close());

  const start = (files: Readonly<Record<string, string>>) =>
    startFunction(harness.runtime, "nodejs", "", { files, handler: "./main.ts" });

  const config = (text: string) => ({ "tsconfig.json": text });
  const size = { "lib/size.ts": "export const size: number = 7;" };
  const main = (from: string) => ({ "main.ts": `import { size } from "${from}"; export default () => size;` });

  test.each<[string, Readonly<Record<string, string>>]>([
    ["a name without its ending", { ...size, ...main("./lib/size") }],
    ["the name of what a compiler would write", { ...size, ...main("./lib/size.js") }],
    ["a folder", { "lib/index.ts": "export const size = 7;", ...main("./lib") }],
    [
      "an alias of a tsconfig.json with a byte order mark, comments and a trailing comma",
      {
        ...size,
        ...main("@/size"),
        ...config('\uFEFF{ // aliases\n "compilerOptions": {"paths": {"@/*": ["./lib/*"],},}, }'),
      },
    ],
    [
      "an alias of the file that tsconfig.json extends",
      {
        ...size,
        ...main("~size"),
        ...config('{"extends": "./config/base"}'),
        "config/base.json": '{"compilerOptions": {"paths": {"~size": ["../lib/size"]}}}',
      },
    ],
    [
      "a name below a baseUrl",
      { ...size, ...main("size"), ...config('{"extends": ["@tsconfig/node"], "compilerOptions": {"baseUrl": "lib"}}') },
    ],
    [
      "a JSON file without an attribute",
      { "size.json": '{"size": 7}', "main.ts": 'import json from "./size.json"; export default () => json.size;' },
    ],
  ])("%s is found", async (_name, files) => {
    const worker = await start(files);
    expect((await run(worker)).output).toBe("7");
    await worker.stop("retired");
  });

  test("a type that is imported like a value is refused with what to write", async () => {
    const files = {
      "shape.ts": "export type Shape = { size: number };",
      "main.ts": 'import { Shape } from "./shape"; export default (context: unknown, shape: Shape) => shape.size;',
    };
    await expect(start(files)).rejects.toThrow("import type { Shape }");
  });
});
