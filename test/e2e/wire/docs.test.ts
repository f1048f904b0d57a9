/** The API's own description, on a real server. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { send } from "../support/http.ts";
import { type ServerProcess, startServer } from "../support/server.ts";

let server: ServerProcess;

beforeAll(async () => {
  server = await startServer({ flags: ["--auth", "token"] });
});

afterAll(() => server.dispose());

test("/openapi.json is the committed document, for anybody", async () => {
  const answer = await send(`${server.api}/openapi.json`);
  expect([answer.status, answer.headers["content-type"]]).toEqual([200, "application/json"]);
  const committed = readFileSync(new URL("../../../docs/generated/openapi.json", import.meta.url), "utf8");
  expect(answer.text === committed).toBe(true);
});

test("/docs takes everything from this server, and its policy allows nothing else", async () => {
  const page = await send(`${server.api}/docs`);
  expect([page.status, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
  const policy = String(page.headers["content-security-policy"]);
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
  const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = ""]) => link);
  expect(links).toEqual(["/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js", "/docs/start.js"]);
  for (const link of links) {
    const { status, headers, text } = await send(server.api + link);
    expect([link, status, headers["x-content-type-options"], text.length > 50]).toEqual([link, 200, "nosniff", true]);
  }
});

test.each(["/docs", "/openapi.json", "/docs/start.js"])("HEAD %s is its GET without the body", async (path) => {
  const [head, get] = [await send(server.api + path, { method: "HEAD" }), await send(server.api + path)];
  expect([head.status, head.text, head.headers["content-type"]]).toEqual([200, "", get.headers["content-type"]]);
  expect(head.headers["content-length"]).toBe(get.headers["content-length"]);
});

test("HEAD /metrics asks for the same credentials as its GET", async () => {
  expect((await send(`${server.api}/metrics`, { method: "HEAD" })).status).toBe(401);
});
