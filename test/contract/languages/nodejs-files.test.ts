/** TypeScript of several files: what `import` finds, as in every other tool for TypeScript. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  artefactOf,
  createHarness,
  findObstacle,
  type Harness,
  run,
  startFunction,
  suiteName,
} from "../runtime-harness.ts";

const obstacle = await findObstacle();

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
});
afterAll(() => harness.close());

describe.skipIf(obstacle !== undefined)(suiteName("TypeScript of several files", obstacle), () => {
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

describe.skipIf(obstacle !== undefined)(suiteName("TypeScript that is more than types", obstacle), () => {
  const artefact = (files: Readonly<Record<string, string>>) => artefactOf(harness, "nodejs", files);

  async function output(files: Readonly<Record<string, string>>, handler = "./main.ts"): Promise<unknown> {
    const { isCompiled, bundle } = await artefact(files);
    expect(isCompiled).toBe(true);
    const worker = await startFunction(harness.runtime, "nodejs", "", { handler, bundle });
    const { output, error } = await run(worker);
    await worker.stop("retired");
    return error ?? JSON.parse(output ?? "");
  }

  const kinds = {
    "lib/kinds.ts": "export enum Kind { Small = 1, Large }\nexport namespace Names { export const small = 's'; }",
  };

  test.each<[string, Readonly<Record<string, string>>, unknown]>([
    [
      "an enum and a namespace of another file",
      {
        ...kinds,
        "main.ts": 'import { Kind, Names } from "./lib/kinds"; export default () => [Kind.Large, Names.small];',
      },
      [2, "s"],
    ],
    [
      "parameter properties",
      {
        "main.ts":
          "class Size { constructor(private readonly width: number, public height = 2) {} area() { return this.width * this.height; } }\n" +
          "export default () => new Size(3).area();",
      },
      6,
    ],
    [
      "parameter properties on lines of their own",
      {
        "main.ts":
          "class Size {\n  constructor(\n    // in metres\n    readonly width = 3,\n    /* the same */\n    public height = 2\n  ) {}\n}\n" +
          "export default () => new Size().width * new Size().height;",
      },
      6,
    ],
    [
      "a type that is imported like a value",
      {
        "main.ts": 'import { Shape, E } from "./shape"; const one: Shape = { a: E.X }; export default () => one.a;',
        "shape.ts": "export type Shape = { a: number }; export enum E { X = 4 }",
      },
      4,
    ],
    [
      "decorators of experimentalDecorators, as tsconfig.json says",
      {
        "tsconfig.json": '{ "compilerOptions": { "experimentalDecorators": true } } // older',
        "main.ts":
          "const seen: string[] = [];\nfunction note(_target: object, name: string) { seen.push(name); }\nclass A {\n  @note\n  go() {}\n}\nexport default () => seen;",
      },
      ["go"],
    ],
    [
      "decorators of the standard",
      {
        "main.ts":
          "const twice = (f: () => number, _c: unknown) => () => 2 * f();\nclass A { @(twice as never) go() { return 4; } }\nexport default () => new A().go();",
      },
      8,
    ],
    [
      "an assertion in angle brackets",
      { "main.ts": "export default (_c: unknown, x: unknown) => (<number>x) + 1;" },
      1,
    ],
    [
      "enums in .mts and .cts",
      {
        "main.ts":
          'import { A } from "./a.mts"; import b from "./b.cts"; export default () => [A.X, b.B.Y, A.X satisfies number];',
        "a.mts": "export enum A { X = 2 }",
        "b.cts": "enum B { Y = 3 }\nmodule.exports = { B };",
      },
      [2, 3, 2],
    ],
    [
      "elements of JSX in .tsx, made as tsconfig.json says",
      {
        "tsconfig.json": '{ "compilerOptions": { "jsxFactory": "h" } }',
        "main.ts": 'import { view } from "./view"; export default () => view("Ada");',
        "view.tsx":
          'const h = (name: string, facts: object | null, ...inner: unknown[]) => ({ name, ...facts, inner });\nexport const view = (who: string) => <p id="a">hello {who}</p>;',
      },
      { name: "p", id: "a", inner: ["hello ", "Ada"] },
    ],
    [
      "a tsconfig.json that is longer than an argument may be",
      {
        "tsconfig.json": `{ "include": [${'"some/file.ts", '.repeat(15_000)}], // all of them\n "compilerOptions": { "experimentalDecorators": true } }`,
        "main.ts":
          "const seen: string[] = [];\nfunction note(_target: object, name: string) { seen.push(name); }\nclass A {\n  @note\n  go() {}\n}\nexport default () => seen;",
      },
      ["go"],
    ],
    ["an export assignment", { "main.ts": "const f = () => 5;\nexport = f;" }, 5],
  ])("%s", async (_name, files, expected) => {
    expect(await output(files)).toEqual(expected);
  });

  test("an error is told with the lines of the source", async () => {
    const files = {
      ...kinds,
      "main.ts": 'import { fail } from "./lib/fail";\nexport default () => fail();',
      "lib/fail.ts": 'enum A {\n  X,\n}\n\nexport const fail = () => {\n  throw new Error("no " + A.X);\n};',
    };
    expect(await output(files)).toMatchObject({
      message: "no 0",
      stacktrace: expect.arrayContaining([expect.stringContaining("lib/fail.ts:6:9")]),
    });
  });

  test("what is no TypeScript is refused with file and line", async () => {
    await expect(artefact({ "main.ts": "enum A { X }\nexport default () => {{;\n" })).rejects.toThrow(/main\.ts:3/);
  });

  test("a .tsx file alone may be the function", async () => {
    const text = "const h = (name: string) => name;\n/** @jsx h */\nexport default () => <p />;";
    expect(await output({ "only.tsx": text }, "./only.tsx")).toBe("p");
  });

  test("compilerOptions that are longer than an argument may be are refused by name", async () => {
    const config = JSON.stringify({ compilerOptions: { jsxFactory: "h".repeat(200_000) } });
    const refused = artefact({ "main.ts": "enum A { X }", "tsconfig.json": config });
    await expect(refused).rejects.toThrow("tsconfig.json: its compilerOptions have more than 100000 bytes");
  });

  test("plain TypeScript needs no such step", async () => {
    const { isCompiled } = await artefact({
      "main.ts": "export default async (c: unknown): Promise<number> => new Map<string, number>().size;",
    });
    expect(isCompiled).toBe(false);
  });
});
