/** The five operations of every kind, as old clients send them; answers compared key by key (wire-examples.md 4 to 14). */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { type WireKind, wireKinds } from "./kinds.ts";
import { OldClient } from "./old-client.ts";
import { blanked } from "./wire-text.ts";

let server: ServerProcess;
let client: OldClient;

beforeAll(async () => {
  server = await startServer();
  client = new OldClient(server.api);
});

afterAll(() => server.dispose());

/** The resource when nobody works on it any more. */
function settled({ collection, name }: WireKind): Promise<string> {
  return until(`${name} has settled`, async () => {
    const { text } = await client.send("GET", `${collection}/${name}`);
    return /"status":"(INITIALIZED|CREATING|UPDATING)"/.test(text) ? undefined : blanked(text);
  });
}

/** Workers may be faster than the answer to a write: then it shows a later state already. */
function possible({ answer, status }: WireKind, shown: string): string[] {
  const states = [answer(shown, "written"), answer(shown, "settled"), answer(status.settled, "settled")];
  return states.map((text) => `${text}\n`);
}

describe.each(wireKinds)("$word:", (kind) => {
  const { word, collection, name, body, answer, success, status } = kind;
  const item = `${collection}/${name}`;

  test("one that nobody made is 404 with its name", async () => {
    const message = `${word} ${name} not found`;
    for (const [method, sent] of [["GET"], ["DELETE"], ["PUT", body]] as const) {
      const found = await client.send(method, item, sent);
      expect([method, found.status, found.text]).toEqual([method, 404, JSON.stringify({ code: 404, message })]);
    }
  });

  test("creating answers as it always did", async () => {
    const created = await client.send("POST", collection, body);
    expect([created.status, created.headers["content-type"]]).toEqual([success.create, "application/json"]);
    expect(possible(kind, status.created)).toContain(blanked(created.text));
    expect(await settled(kind)).toBe(`${answer(status.settled, "settled")}\n`);
  });

  test("the list holds it", async () => {
    const listed = await client.send("GET", collection);
    expect([listed.status, blanked(listed.text)]).toEqual([200, `[${answer(status.settled, "settled")}]\n`]);
  });

  test("a second one of its name is 409", async () => {
    const again = await client.send("POST", collection, body);
    const message = `${word} ${name} already exists`;
    expect([again.status, again.text]).toEqual([409, JSON.stringify({ code: 409, message })]);
  });

  test("replacing answers as it always did", async () => {
    const replaced = await client.send("PUT", item, body);
    expect(replaced.status).toBe(success.update);
    expect(possible(kind, status.updated)).toContain(blanked(replaced.text));
    await settled(kind);
  });
});

describe("at the end", () => {
  test.each([...wireKinds].reverse())("$word: deleting answers as it always did, and it is gone", async (kind) => {
    const { collection, name, success, status } = kind;
    const before = await settled(kind);
    const deleted = await client.send("DELETE", `${collection}/${name}`);
    expect(deleted.status).toBe(success.delete);
    const expected = before.replace(/"status":"\w+"/, `"status":"${status.deleted}"`);
    if (success.delete !== 204) expect(blanked(deleted.text)).toBe(expected);
    else expect([deleted.text, deleted.headers["content-type"]]).toEqual(["", undefined]);
    expect((await client.send("GET", `${collection}/${name}`)).status).toBe(404);
    expect((await client.send("GET", collection)).text).toBe("[]\n");
  });
});

test("no kind is missing here", () => {
  const text = readFileSync(new URL("../../../docs/generated/openapi.json", import.meta.url), "utf8");
  const { paths } = JSON.parse(text) as { paths: Record<string, { put?: object }> };
  // Values that applications keep, and dead letters, are no kinds of resource, and old clients know nothing of them.
  const others = /^\/v1\/(state|deadletter)\//;
  const isKind = (path: string): boolean => paths[path]?.put !== undefined && !others.test(path);
  const replaceable = Object.keys(paths).filter(isKind);
  const tried = wireKinds.map(({ collection }) => collection);
  expect(replaceable.map((path) => path.replace(/\/\{\w+\}$/, "")).sort()).toEqual([...tried].sort());
});
