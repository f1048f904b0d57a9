/** Lists have an end, and say how they go on. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Dispatch, parse, type RunObject, serverWith } from "../support/dispatch.ts";
import type { ServerProcess } from "../support/server.ts";

const MOST = 70;
const COUNT = 90;

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs"], { flags: ["--max-list", String(MOST)] }));
});
afterAll(() => server.dispose());

/** The pages of a list, each with its names. */
async function pagesOf(path: string): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const more = cursor === undefined ? "" : `${path.includes("?") ? "&" : "?"}cursor=${cursor}`;
    const page = await dispatch.get(`${path}${more}`);
    pages.push(parse<RunObject[]>(page).map(({ name }) => name));
    cursor = page.headers["x-dispatch-next-cursor"] as string | undefined;
  } while (cursor !== undefined);
  return pages;
}

test("a list of runs without limit ends at the most that a list may have, and goes on at its cursor", async () => {
  await dispatch.createFunction("listed", { "f.js": "module.exports = (c, p) => p;" });
  for (let made = 0; made < COUNT; made += 10)
    await Promise.all(Array.from({ length: 10 }, (_, at) => dispatch.run("listed", made + at)));
  const pages = await pagesOf("/v1/runs");
  expect(pages.map(({ length }) => length)).toEqual([MOST, COUNT - MOST]);
  expect(new Set(pages.flat()).size).toBe(COUNT);
  const { text, headers } = await dispatch.get("/v1/runs");
  expect([text.endsWith("]\n"), headers["content-type"]]).toEqual([true, "application/json"]);
});

test("a list of resources ends there, too", async () => {
  const names = Array.from({ length: MOST + 5 }, (_, at) => `secret-${at}`);
  for (const name of names) await dispatch.post("/v1/secret", { name, secrets: { key: "value" } });
  const pages = await pagesOf("/v1/secret");
  expect(pages.map(({ length }) => length)).toEqual([MOST, 5]);
  expect(pages.flat().toSorted()).toEqual(names.toSorted());
  const { headers } = await dispatch.get("/v1/secret?limit=5");
  await dispatch.delete(`/v1/secret/${names.at(-5)}`);
  const next = await dispatch.get(`/v1/secret?limit=1&cursor=${headers["x-dispatch-next-cursor"]}`);
  expect(parse<RunObject[]>(next).map(({ name }) => name)).toEqual(names.slice(-6, -5));
});

test("applications with state have pages", async () => {
  for (const application of ["one", "two", "three"])
    await dispatch.put(`/v1/state/${application}/key`, { value: application });
  const first = await dispatch.get("/v1/state?limit=2");
  expect(first.text).toContain('"application":"one","keys":1,"size":5');
  const second = await dispatch.get(`/v1/state?limit=2&cursor=${first.headers["x-dispatch-next-cursor"]}`);
  expect([second.text.trim(), second.headers["x-dispatch-next-cursor"]]).toEqual([
    '[{"application":"two","keys":1,"size":5}]',
    undefined,
  ]);
});
