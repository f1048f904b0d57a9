/** JSON Schemas of functions: what violates them, and which are refused at creation (server.md 4.7, decisions 18). */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Dispatch } from "../support/dispatch.ts";
import { errorOf, functionBody, serverWith } from "../support/dispatch.ts";
import type { ServerProcess } from "../support/server.ts";

const echo = { "f.js": "module.exports = (context, payload) => payload;" };

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"]));
});

afterAll(() => server.dispose());

async function violations(name: string, input: unknown): Promise<[string | undefined, string[]]> {
  const { error } = await dispatch.run(name, input);
  const [head, ...lines] = error?.message.split("\n") ?? [];
  return [head && `${error?.type}: ${head}`, lines];
}

describe("an input that violates schema.in", () => {
  const schema = {
    in: {
      properties: {
        name: { minLength: 1, pattern: "^[A-Za-z]+$", type: "string" },
        place: { minLength: 1, pattern: "^[A-Za-z]+$", type: "string" },
      },
      required: ["name"],
    },
    out: { properties: { name: { type: "string" } }, required: ["name"] },
  };
  const head = "InputError: Input invalid against schema: validation failure list:";

  beforeAll(() => dispatch.createFunction("hello-schema", echo, { schema }));

  test("is an InputError that names each violation on a line of its own, and the function does not run", async () => {
    expect(await violations("hello-schema", {})).toEqual([head, [".name in body is required"]]);
    expect(await violations("hello-schema", { name: "J1" })).toEqual([
      head,
      ["name in body should match '^[A-Za-z]+$'"],
    ]);
    expect(await violations("hello-schema", { name: "J1", place: 1 })).toEqual([
      head,
      ["name in body should match '^[A-Za-z]+$'", "place in body must be of type string"],
    ]);
    expect((await dispatch.run("hello-schema", {})).logs).toEqual({ stdout: null, stderr: null });
  });

  test("is told in the reason as well; a good one passes", async () => {
    const run = await dispatch.run("hello-schema", {});
    expect(run.reason).toEqual([`error running function: hello-schema: ${run.error?.message}`]);
    expect((await dispatch.run("hello-schema", { name: "Jon" })).status).toBe("READY");
  });

  test("comes back with the function as it was given", async () => {
    expect(JSON.parse((await dispatch.get("/v1/function/hello-schema")).text).schema).toEqual(schema);
  });
});

describe("an output that violates schema.out", () => {
  const strict = { in: null, out: { type: "object", required: ["ok"] } };

  test("is a FunctionError without output", async () => {
    await dispatch.createFunction("bad-output", echo, { schema: strict });
    const run = await dispatch.run("bad-output", {});
    expect(run.error).toMatchObject({
      type: "FunctionError",
      message: "Output invalid against schema: validation failure list:\n.ok in body is required",
    });
    expect(run).not.toHaveProperty("output");
  });

  test("does not hide the error of a function that failed", async () => {
    await dispatch.createFunction(
      "failing",
      { "f.js": "module.exports = () => { throw Error('real'); };" },
      { schema: strict },
    );
    expect((await dispatch.run("failing")).error?.message).toBe("real");
  });
});

test("null is no object, and without a type anything goes", async () => {
  await dispatch.createFunction("typed", echo, { schema: { in: { type: "object" } } });
  expect((await dispatch.run("typed", null)).error?.type).toBe("InputError");
  await dispatch.createFunction("untyped", echo, { schema: { in: {} } });
  expect((await dispatch.run("untyped", null)).status).toBe("READY");
});

test("draft 4 is understood, declared or not", async () => {
  const number = { type: "number", minimum: 0, exclusiveMinimum: true };
  await dispatch.createFunction("draft-4", echo, { schema: { in: number } });
  await dispatch.createFunction("declared", echo, {
    schema: { in: { $schema: "http://json-schema.org/draft-04/schema#", ...number } },
  });
  for (const name of ["draft-4", "declared"]) {
    expect((await dispatch.run(name, 0)).error?.type).toBe("InputError");
    expect((await dispatch.run(name, 1)).status).toBe("READY");
  }
});

test("a pattern that explodes elsewhere is answered like any other", async () => {
  await dispatch.createFunction("exploding", echo, { schema: { in: { type: "string", pattern: "^([A-Za-z]+)+$" } } });
  expect(await violations("exploding", `${"a".repeat(5000)}!`)).toEqual([
    "InputError: Input invalid against schema: validation failure list:",
    [" in body should match '^([A-Za-z]+)+$'"],
  ]);
});

describe("at creation a schema is refused with 400 when", () => {
  const refused = [
    ["it is no schema", { in: { type: "nonsense" } }, /^could not decode schema\.in: /],
    ["it is no object", { out: 5 }, /^could not decode schema\.out: /],
    ["its pattern cannot run in linear time", { in: { pattern: "(a)\\1" } }, /^could not decode schema\.in: .*/],
    [
      "it is larger than 64 KB",
      { in: { description: "x".repeat(70_000) } },
      /^could not decode schema\.in: it is larger than 65536 bytes$/,
    ],
    [
      "it refers to a file",
      { in: { $ref: "file:///etc/passwd" } },
      /^could not decode schema\.in: can't resolve reference file:/,
    ],
  ] as const;

  test.each(refused)("%s", async (_why, schema, message) => {
    const answer = await dispatch.post("/v1/function", functionBody("refused", echo, { schema }));
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toEqual({ code: 400, message: expect.stringMatching(message) });
    expect((await dispatch.get("/v1/function/refused")).status).toBe(404);
  });

  test("it refers to another server, which hears nothing of it", async () => {
    let asked = 0;
    const remote = createServer((_request, response) => {
      asked++;
      response.end('{"type":"object"}');
    });
    await new Promise<void>((resolve) => remote.listen(0, "127.0.0.1", resolve));
    const $ref = `http://127.0.0.1:${(remote.address() as AddressInfo).port}/schema.json`;
    const answer = await dispatch.post("/v1/function", functionBody("remote", echo, { schema: { in: { $ref } } }));
    expect([answer.status, errorOf(answer).message]).toEqual([400, expect.stringContaining("can't resolve reference")]);
    remote.close();
    expect(asked).toBe(0);
  });

  test("an update with one changes nothing", async () => {
    const before = (await dispatch.get("/v1/function/untyped")).text;
    const body = functionBody("untyped", { "f.js": "0" }, { schema: { in: { type: "nonsense" } } });
    expect((await dispatch.put("/v1/function/untyped", body)).status).toBe(400);
    expect((await dispatch.get("/v1/function/untyped")).text).toBe(before);
  });
});
