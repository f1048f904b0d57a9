/** Policies, service accounts, organizations and applications as clients know them (server.md 2.13, 2.14, 8.4). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Dispatch, errorOf, parse } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { keyPair } from "./accounts.ts";

const rules = [{ subjects: ["cloudmaster"], actions: ["*"], resources: ["*"] }];
const { publicKey, privateKey } = keyPair();

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  server = await startServer();
  dispatch = new Dispatch(server.api);
});

afterAll(() => server?.dispose());

const kinds = [
  ["policy", "/v1/iam/policy", "Policy", 201, { rules }],
  ["service account", "/v1/iam/serviceaccount", "ServiceAccount", 201, { publicKey }],
  ["organization", "/v1/iam/organization", "Organization", 201, {}],
  ["application", "/v1/application", "Application", 200, {}],
] as const;

describe.each(kinds)("a %s", (word, path, kind, created, fields) => {
  test("lives from creation over update to deletion", async () => {
    const stamps = { createdTime: expect.any(Number), id: expect.any(String), modifiedTime: expect.any(Number) };
    const tags = kind === "Application" ? { tags: null } : {};
    const expected = { ...stamps, ...tags, kind, name: "life", status: "READY", ...fields };
    const post = await dispatch.post(path, { name: "life", ...fields });
    expect([post.status, parse(post)]).toEqual([created, expected]);
    const get = await dispatch.get(`${path}/life`);
    expect([get.status, parse(get)]).toEqual([200, expected]);
    expect(parse<object[]>(await dispatch.get(path))).toContainEqual(expected);
    const put = await dispatch.put(`${path}/life`, { name: "life", ...fields });
    expect([put.status, parse(put)]).toEqual([200, expected]);
    const gone = await dispatch.delete(`${path}/life`);
    expect([gone.status, parse(gone)]).toEqual([200, { ...expected, status: "DELETING" }]);
    const missing = await dispatch.get(`${path}/life`);
    expect([missing.status, errorOf(missing)]).toEqual([404, { code: 404, message: `${word} life not found` }]);
  });

  test("of a name that is taken is 409, of a name that nobody has 404", async () => {
    await dispatch.post(path, { name: "twice", ...fields });
    const again = await dispatch.post(path, { name: "twice", ...fields });
    expect([again.status, errorOf(again).message]).toEqual([409, `${word} twice already exists`]);
    for (const answer of [
      await dispatch.put(`${path}/nosuch`, { name: "nosuch", ...fields }),
      await dispatch.delete(`${path}/nosuch`),
    ]) {
      expect([answer.status, errorOf(answer).message]).toEqual([404, `${word} nosuch not found`]);
    }
    const renamed = await dispatch.put(`${path}/twice`, { name: "other", ...fields });
    expect(renamed.status).toBe(400);
  });

  test("needs a good name, a credential and a known method", async () => {
    const unnamed = await dispatch.post(path, fields);
    expect([unnamed.status, errorOf(unnamed)]).toEqual([422, { code: 602, message: "name in body is required" }]);
    expect(errorOf(await dispatch.post(path, { name: "a b", ...fields })).code).toBe(605);
    expect((await dispatch.raw(path, { headers: { "x-dispatch-org": "o" } })).status).toBe(401);
    expect((await dispatch.raw(path, { method: "PATCH", headers: dispatch.headers })).status).toBe(405);
  });
});

describe("rules", () => {
  const broken = [
    ["that are missing", {}, 602, "rules in body is required"],
    ["that are null", { rules: null }, 602, "rules in body is required"],
    ["without subjects", { rules: [{ actions: ["get"], resources: ["*"] }] }, 602, /subjects in body is required/],
    ["with an unknown action", { rules: [{ ...rules[0], actions: ["look"] }] }, 606, /should be one of \[get create/],
    [
      "with a bad resource",
      { rules: [{ ...rules[0], resources: ["a.b"] }] },
      605,
      /should match '\^\[\\w\\d\\-\\\*\]\+\$'/,
    ],
  ] as const;

  test.each(broken)("%s are refused", async (_what, body, code, message) => {
    const answer = await dispatch.post("/v1/iam/policy", { name: "broken", ...body });
    expect([answer.status, errorOf(answer)]).toEqual([422, { code, message: expect.stringMatching(message) }]);
  });

  test("may be none, which old clients read as null; a global policy says so", async () => {
    const empty = await dispatch.post("/v1/iam/policy", { name: "empty", rules: [], global: true });
    expect(parse(empty)).toMatchObject({ rules: null, global: true, status: "READY" });
  });
});

describe("a public key", () => {
  const broken = [
    ["in plain PEM", Buffer.from(publicKey, "base64").toString(), "public key is not base64 encoded"],
    ["of nothing", Buffer.from("x").toString("base64"), "invalid public key or public key not in PEM format"],
  ] as const;

  test.each(broken)("%s is refused", async (_what, key, reason) => {
    const answer = await dispatch.post("/v1/iam/serviceaccount", { name: "broken", publicKey: key });
    const message = `error validating service account: ${reason}`;
    expect([answer.status, errorOf(answer)]).toEqual([400, { code: 400, message }]);
  });

  test("that is missing is required; a private one is sent back without being repeated", async () => {
    const none = await dispatch.post("/v1/iam/serviceaccount", { name: "broken" });
    expect(errorOf(none)).toEqual({ code: 602, message: "publicKey in body is required" });
    const secret = Buffer.from(privateKey).toString("base64");
    const answer = await dispatch.post("/v1/iam/serviceaccount", { name: "broken", publicKey: secret });
    expect([answer.status, errorOf(answer).message]).toEqual([400, expect.stringContaining("this is a private key")]);
    expect(answer.text).not.toContain(secret.slice(100, 150));
  });

  test("belongs to an account whose name may have dots", async () => {
    const account = { name: "ci.example.com", domain: "example.com", publicKey };
    expect((await dispatch.post("/v1/iam/serviceaccount", account)).status).toBe(201);
    const read = await dispatch.get("/v1/iam/serviceaccount/ci.example.com");
    expect([read.status, parse<{ domain?: string }>(read).domain]).toEqual([200, undefined]);
    expect((await dispatch.post("/v1/iam/serviceaccount", { ...account, name: ".." })).status).toBe(400);
  });
});

describe("organizations", () => {
  test("are created and listed without naming one, their items not", async () => {
    const headers = { cookie: "c", "content-type": "application/json" };
    const body = JSON.stringify({ name: "headless" });
    expect((await dispatch.raw("/v1/iam/organization", { method: "POST", headers, body })).status).toBe(201);
    const list = await dispatch.raw("/v1/iam/organization", { headers: { cookie: "c" } });
    expect([list.status, list.text]).toEqual([200, expect.stringContaining("headless")]);
    const item = await dispatch.raw("/v1/iam/organization/headless", { headers: { cookie: "c" } });
    expect(errorOf(item)).toEqual({ code: 602, message: "X-Dispatch-Org in header is required" });
  });

  test("are the same, whichever organization asks", async () => {
    await dispatch.post("/v1/iam/organization", { name: "shared" });
    const other = new Dispatch(server.api, { "x-dispatch-org": "elsewhere" });
    expect((await other.get("/v1/iam/organization/shared")).status).toBe(200);
    expect((await other.post("/v1/iam/organization", { name: "shared" })).status).toBe(409);
  });
});

describe("routes about the caller", () => {
  const open = [
    ["/", { message: "Default Root Page" }],
    ["/v1/version", expect.objectContaining({ version: expect.stringMatching(/^v\d/), platform: expect.any(String) })],
  ] as const;

  test.each(open)("%s needs no credential", async (path, body) => {
    const answer = await dispatch.raw(path);
    expect([answer.status, parse(answer)]).toEqual([200, body]);
  });

  test("/home says whether a credential is good", async () => {
    expect((await dispatch.raw("/home", { headers: { "x-dispatch-org": "o" } })).status).toBe(401);
    const answer = await dispatch.get("/home");
    expect([answer.status, parse(answer)]).toEqual([200, { message: "Home Page, You have already logged in" }]);
  });

  test("the session cookie goes to this machine and nowhere else", async () => {
    const redirect = (target: string, cookie = "a=1; _oauth2_proxy=to/ken=; b=2") =>
      dispatch.raw(`/v1/iam/redirect?redirect=${encodeURIComponent(target)}`, { headers: { cookie } });
    const answer = await redirect("http://localhost:8000/catcher");
    expect([answer.status, answer.headers.location]).toEqual([
      302,
      "http://localhost:8000/catcher?cookie=_oauth2_proxy%3Dto%2Fken%3D",
    ]);
    for (const target of [
      "https://evil.example/x",
      "http://localhost@evil.example/",
      "//evil.example",
      "javascript:x",
    ]) {
      const refused = await redirect(target);
      expect([target, refused.status, refused.headers.location]).toEqual([target, 400, undefined]);
    }
    const none = await redirect("http://localhost:1/", "a=1");
    expect([none.status, errorOf(none).message]).toEqual([500, "No Such Cookie"]);
    expect((await dispatch.get("/v1/iam/redirect")).status).toBe(422);
  });
});
