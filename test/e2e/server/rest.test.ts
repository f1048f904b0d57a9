/** The REST API as existing clients know it: statuses, bodies, headers (server.md 0 and 2, wire-examples.md 2 and 4). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unterminatedSourceOf } from "../support/archive.ts";
import { Dispatch, errorOf, functionBody, parse } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const HELLO = { "hello.js": 'module.exports = (context, { name }) => ({ myField: "Hello, " + name });' };

let server: ServerProcess;
let dispatch: Dispatch;

beforeAll(async () => {
  server = await startServer();
  dispatch = new Dispatch(server.api);
  await dispatch.createImage("nodejs");
  await dispatch.createFunction("hello", HELLO);
});

afterAll(() => server.dispose());

describe("what no operation answers", () => {
  const unknown = [
    ["/v1/nonexistent", 404, "resource does not exist"],
    ["/v2/function", 404, "resource does not exist"],
    ["/v1", 404, "resource does not exist"],
    ["/v1/applications", 404, "resource does not exist"],
    ["/v1/eventdrivers", 501, "Endpoint is not implemented in this version of Dispatch"],
    ["/v1/serviceclass", 501, "Endpoint is not implemented in this version of Dispatch"],
  ] as const;

  test.each(unknown)("%s is %i without credentials", async (path, status, message) => {
    const answer = await dispatch.raw(path);
    expect([answer.status, errorOf(answer)]).toEqual([status, { code: status, message }]);
    expect(answer.headers["content-type"]).toBe("application/json");
  });

  test("a path inside a manager that does not exist is named", async () => {
    const answer = await dispatch.get("/v1/function/a/b");
    expect(errorOf(answer)).toEqual({ code: 404, message: "path /v1/function/a/b was not found" });
  });

  test("another method is 405 and says which ones there are", async () => {
    const answer = await dispatch.raw("/v1/function", { method: "PATCH", headers: dispatch.headers });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow?.split(", ").sort()).toEqual(["GET", "POST"]);
    expect(errorOf(answer).message).toMatch(/^method PATCH is not allowed, but \[(GET,POST|POST,GET)\] are$/);
    const item = await dispatch.post("/v1/secret/one", {});
    expect(item.headers.allow?.split(", ").sort()).toEqual(["DELETE", "GET", "PUT"]);
  });
});

describe("a key that stands twice in one object", () => {
  test("of a resource is 400, wherever it stands, and nothing is made", async () => {
    const answer = await dispatch.post("/v1/secret", '{"name":"twice",\n "secrets":{"a":"1","a":"2"}}');
    const message =
      'the request body has the key "a" twice in one object, again at line 2 column 21: leave one of them';
    expect([answer.status, errorOf(answer)]).toEqual([400, { code: 400, message }]);
    expect((await dispatch.get("/v1/secret/twice")).status).toBe(404);
  });

  test("of a resource is 400 in another letter case, too, for fields and not for the caller's own keys", async () => {
    const both = '{"name":"lower",\n "Name":"upper","secrets":{"a":"1","A":"2"}}';
    const answer = await dispatch.post("/v1/secret", both);
    const message =
      'the request body has the key "name" twice in one object, again as "Name" at line 2 column 2: leave one of them';
    expect([answer.status, errorOf(answer)]).toEqual([400, { code: 400, message }]);
    expect((await dispatch.post("/v1/secret", both.replace('"Name":"upper",', ""))).status).toBe(201);
    expect(parse<{ secrets: object }>(await dispatch.get("/v1/secret/lower")).secrets).toEqual({ a: "1", A: "2" });
  });

  test("is the caller's own affair in the input of a run, and counts with its last value", async () => {
    const answer = await dispatch.post(
      "/v1/runs?functionName=hello",
      '{"blocking":true,"input":{"name":"Ann","name":"Bob"}}',
    );
    expect(parse<{ output: unknown }>(answer).output).toEqual({ myField: "Hello, Bob" });
  });
});

describe("headers", () => {
  test("without Cookie and Authorization, or with empty ones, a call is 401", async () => {
    const organization = { "x-dispatch-org": "o" };
    for (const headers of [organization, { ...organization, cookie: "" }, { ...organization, authorization: "" }]) {
      const answer = await dispatch.raw("/v1/secret", { headers });
      expect(answer.status).toBe(401);
      expect(answer.text).toBe('{"code":401,"message":"unauthenticated for invalid credentials"}');
    }
  });

  test("any Authorization serves as well as a cookie", async () => {
    const headers = { "x-dispatch-org": "o", authorization: "Bearer cookie" };
    expect((await dispatch.raw("/v1/secret", { headers })).text).toBe("[]\n");
  });

  test("an absent or empty organization is 422 with code 602", async () => {
    for (const headers of [{ cookie: "c" }, { cookie: "c", "x-dispatch-org": "" }]) {
      const answer = await dispatch.raw("/v1/secret", { headers });
      expect(answer.status).toBe(422);
      expect(answer.text).toBe('{"code":602,"message":"X-Dispatch-Org in header is required"}');
    }
  });

  test("a body of another type is 415, none at all counts as bytes", async () => {
    const sending = { method: "POST", body: "x" };
    const text = await dispatch.raw("/v1/secret", {
      ...sending,
      headers: { ...dispatch.headers, "content-type": "text/plain" },
    });
    expect(text.status).toBe(415);
    expect(errorOf(text)).toEqual({
      code: 415,
      message: 'unsupported media type "text/plain", only [application/json] are allowed',
    });
    const untyped = await dispatch.raw("/v1/secret", { ...sending, headers: dispatch.headers });
    expect(errorOf(untyped).message).toBe(
      'unsupported media type "application/octet-stream", only [application/json] are allowed',
    );
  });

  test("authentication is judged before the type of the body, that before the organization", async () => {
    const noType = await dispatch.raw("/v1/secret", { method: "POST", body: "x" });
    expect(noType.status).toBe(401);
    const noOrganization = await dispatch.raw("/v1/secret", { method: "POST", body: "x", headers: { cookie: "c" } });
    expect(noOrganization.status).toBe(415);
  });

  test("JSON with a charset is JSON", async () => {
    const headers = { "content-type": "application/json; charset=utf-8" };
    expect((await dispatch.post("/v1/secret", { name: "charset" }, headers)).status).toBe(201);
  });
});

describe("bodies", () => {
  const violations = [
    ["no name", "/v1/secret", {}, 422, 602, "name in body is required"],
    ["no image", "/v1/function", { name: "f", source: "" }, 422, 602, "image in body is required"],
    ["no docker URL", "/v1/baseimage", { name: "b", language: "" }, 422, 602, "dockerUrl in body is required"],
    ["no base image", "/v1/image", { name: "i" }, 422, 602, "baseImageName in body is required"],
    [
      "a bad name",
      "/v1/secret",
      { name: "-bad" },
      422,
      605,
      "name should start with letter or number and may only contain letters, numbers, underscores and dashes",
    ],
    [
      "a bad status",
      "/v1/baseimage",
      { name: "b", dockerUrl: "d", language: "", status: "FINE" },
      422,
      606,
      "status in body should be one of [INITIALIZED CREATING READY UPDATING ERROR DELETING]",
    ],
    ["a bad id", "/v1/secret", { name: "s", id: "1" }, 422, 601, 'id in body must be of type uuid: "1"'],
    ["no source", "/v1/function", { name: "f", image: "i" }, 400, 400, "either source or sourceURL must be specified"],
    ["an unknown base image", "/v1/image", { name: "i", baseImageName: "x" }, 400, 400, "Error fetching base image x"],
  ] as const;

  test.each(violations)("with %s are refused", async (_what, path, body, status, code, message) => {
    const answer = await dispatch.post(path, body);
    expect([answer.status, errorOf(answer)]).toEqual([status, { code, message }]);
  });

  test("an empty one is required", async () => {
    const headers = { ...dispatch.headers, "content-type": "application/json" };
    const secret = await dispatch.raw("/v1/secret", { method: "POST", headers });
    expect([secret.status, errorOf(secret)]).toEqual([422, { code: 602, message: "secret in body is required" }]);
    const api = await dispatch.raw("/v1/function", { method: "POST", headers, body: "" });
    expect(errorOf(api)).toEqual({ code: 602, message: "body in body is required" });
  });

  test("broken JSON is 400 in the words that clients know", async () => {
    const run = await dispatch.post("/v1/runs?functionName=hello", "{");
    expect(run.text).toBe('{"code":400,"message":"parsing body body from \\"\\" failed, because unexpected EOF"}');
    const secret = await dispatch.post("/v1/secret", '{"name":');
    expect(errorOf(secret).message).toBe('parsing secret body from "" failed, because unexpected EOF');
  });

  test("a value of a wrong type is 400 and names the field", async () => {
    const answer = await dispatch.post("/v1/secret", { name: "s", secrets: { a: 1 } });
    expect(answer.status).toBe(400);
    expect(errorOf(answer).message).toMatch(/^parsing secret body from "" failed, because .*secrets\.a/);
    expect((await dispatch.post("/v1/function", [1])).status).toBe(400);
  });

  test("a source that is not base64 is 400", async () => {
    const answer = await dispatch.post("/v1/function", { name: "f", image: "nodejs", source: "no base64!" });
    expect(answer.status).toBe(400);
    expect(errorOf(answer).message).toMatch(/^parsing body body from "" failed, because illegal base64 data/);
  });

  test("null stands for everything empty, keys come in any letter case, unknown keys pass", async () => {
    const body = { NAME: "casual", TAGS: null, SecretS: { a: null, B: "b" }, reason: null, unknown: 1 };
    const answer = await dispatch.post("/v1/secret", body);
    expect(answer.status).toBe(201);
    expect(parse(answer)).toMatchObject({ name: "casual", secrets: { a: "", B: "b" }, tags: null });
    const base = await dispatch.post("/v1/baseimage", {
      name: "lower",
      dockerurl: "dispatchframework/nodejs-base:1",
      language: "",
      groups: null,
      reason: null,
      tags: null,
    });
    expect([base.status, parse<{ language: string }>(base).language]).toEqual([201, "nodejs"]);
  });

  test("past the limit they are 413 by the name of the setting", async () => {
    const run = await dispatch.post("/v1/runs?functionName=hello", { input: "x".repeat(1024 * 1024) });
    expect(run.status).toBe(413);
    expect(errorOf(run).message).toBe("the request body is larger than 1048576 bytes (setting max-body-bytes)");
  });

  test("on reading and deleting they are a mistake", async () => {
    const headers = { ...dispatch.headers, "content-type": "application/json" };
    const answer = await dispatch.raw("/v1/secret/x", { method: "DELETE", headers, body: "{}" });
    const expected = { code: 500, message: "no consumer registered for application/json" };
    expect([answer.status, errorOf(answer)]).toEqual([500, expected]);
    expect(errorOf(await dispatch.raw("/v1/secret", { headers, body: "{}" }))).toEqual(expected);
  });
});

describe("paths and queries", () => {
  test("a slash at the end and slashes in a row do not matter", async () => {
    for (const path of ["/v1/secret/", "/v1/secret//", "/v1/function/hello/", "/v1/function//hello"]) {
      expect([path, (await dispatch.get(path)).status]).toEqual([path, 200]);
    }
  });

  test("dots are cleaned behind the manager", async () => {
    expect((await dispatch.get("/v1/function/./hello")).status).toBe(200);
    expect((await dispatch.get("/v1/function/x/../hello")).status).toBe(200);
  });

  test("names in paths and queries have a pattern", async () => {
    const path = await dispatch.get("/v1/function/a.b");
    expect([path.status, errorOf(path)]).toEqual([
      422,
      { code: 605, message: "functionName in path should match '^[\\w\\d\\-]+$'" },
    ]);
    const query = await dispatch.get("/v1/runs?functionName=a.b");
    expect(errorOf(query).message).toBe("functionName in query should match '^[\\w\\d\\-]+$'");
  });

  test("the body is judged before the name in the path", async () => {
    expect(errorOf(await dispatch.put("/v1/function/a.b", { name: "x" })).message).toBe("image in body is required");
  });

  test("a run's name is a uuid", async () => {
    const answer = await dispatch.get("/v1/runs/notauuid");
    expect(answer.status).toBe(422);
    expect(errorOf(answer)).toEqual({ code: 601, message: 'runName in path must be of type uuid: "notauuid"' });
  });

  test("filters of old clients are accepted", async () => {
    for (const path of ["/v1/function?state=READY&tags=a&tags=b", "/v1/image?language=nodejs", "/v1/secret?tags=x"]) {
      expect((await dispatch.get(path)).status).toBe(200);
    }
  });
});

describe("secrets", () => {
  test("live from 201 over 201 to 204, with their values in clear", async () => {
    const created = await dispatch.post("/v1/secret", { name: "open-sesame", secrets: { password: "OpenSesame" } });
    expect(created.status).toBe(201);
    const { id } = parse<{ id: string }>(created);
    expect(id).toMatch(UUID);
    const exact = `{"id":"${id}","kind":"Secret","name":"open-sesame","secrets":{"password":"OpenSesame"},"tags":null}\n`;
    expect((await dispatch.get("/v1/secret/open-sesame")).text).toBe(exact);
    const updated = await dispatch.put("/v1/secret/open-sesame", { name: "open-sesame", secrets: { other: "x" } });
    expect([updated.status, parse<{ secrets: object }>(updated).secrets]).toEqual([201, { other: "x" }]);
    const deleted = await dispatch.delete("/v1/secret/open-sesame");
    expect([deleted.status, deleted.text, deleted.headers["content-type"]]).toEqual([204, "", undefined]);
    expect(errorOf(await dispatch.get("/v1/secret/open-sesame"))).toEqual({
      code: 404,
      message: "secret open-sesame not found",
    });
  });

  test("of the same name are 409, of another organization not", async () => {
    const body = { name: "twice" };
    expect((await dispatch.post("/v1/secret", body)).status).toBe(201);
    const again = await dispatch.post("/v1/secret", body);
    expect([again.status, errorOf(again).message]).toEqual([409, "secret twice already exists"]);
    const other = new Dispatch(server.api, { "x-dispatch-org": "another" });
    expect((await other.get("/v1/secret")).text).toBe("[]\n");
    expect((await other.post("/v1/secret", body)).status).toBe(201);
    expect((await other.get("/v1/secret/casual")).status).toBe(404);
  });

  test("without values show none; unknown ones are 404 in every verb", async () => {
    expect((await dispatch.get("/v1/secret/twice")).text).not.toContain("secrets");
    for (const answer of [
      await dispatch.get("/v1/secret/nosuch"),
      await dispatch.put("/v1/secret/nosuch", { name: "nosuch" }),
      await dispatch.delete("/v1/secret/nosuch"),
    ]) {
      expect([answer.status, errorOf(answer)]).toEqual([404, { code: 404, message: "secret nosuch not found" }]);
    }
  });
});

describe("base images and images", () => {
  test("look as they always did", async () => {
    const base = await dispatch.get("/v1/baseimage/nodejs-base");
    expect(base.text).toMatch(
      /^\{"createdTime":\d{10},"dockerUrl":"dispatchframework\/nodejs-base:0\.0\.13","groups":null,"id":"[^"]+","kind":"BaseImage","language":"nodejs","name":"nodejs-base","reason":null,"status":"READY","tags":null\}\n$/,
    );
    const image = await dispatch.get("/v1/image/nodejs");
    expect(image.text).toMatch(
      /^\{"baseImageName":"nodejs-base","createdTime":\d{10},"dockerUrl":"dispatch\/[^"]+:latest","groups":null,"id":"[^"]+","kind":"Image","language":"nodejs","name":"nodejs","reason":null,"runtimeDependencies":\{\},"status":"READY","systemDependencies":\{"packages":null\},"tags":null\}\n$/,
    );
  });

  test("update with 200 and UPDATING, delete with 200; a deleted image says so", async () => {
    const base = { name: "short", dockerUrl: "dispatchframework/nodejs-base:1", language: "nodejs" };
    await dispatch.post("/v1/baseimage", base);
    await dispatch.post("/v1/image", { name: "short", baseImageName: "short" });
    const updated = await dispatch.put("/v1/baseimage/short", base);
    expect([updated.status, parse<{ status: string }>(updated).status]).toEqual([200, "UPDATING"]);
    const image = await dispatch.delete("/v1/image/short");
    expect([image.status, parse<{ status: string }>(image).status]).toEqual([200, "DELETED"]);
    expect((await dispatch.delete("/v1/baseimage/short")).status).toBe(200);
    expect(errorOf(await dispatch.get("/v1/baseimage/short")).message).toBe("base image short not found");
    expect(errorOf(await dispatch.get("/v1/image/short")).message).toBe("image short not found");
  });

  test("another docker image ends in ERROR with one reason that tells how to go on", async () => {
    await dispatch.post("/v1/baseimage", { name: "own", dockerUrl: "example/own:1", language: "go" });
    const reason = await until("the base image is examined", async () => {
      const base = parse<{ status: string; reason: string[] }>(await dispatch.get("/v1/baseimage/own"));
      return base.status === "ERROR" ? base.reason : undefined;
    });
    expect(reason).toEqual([expect.stringContaining("docker runtime")]);
  });

  test("lists are newest first and page with a cursor", async () => {
    const other = new Dispatch(server.api, { "x-dispatch-org": "paging" });
    for (const name of ["a", "b", "c"]) await other.post("/v1/secret", { name });
    const first = await other.get("/v1/secret?limit=2");
    const cursor = first.headers["x-dispatch-next-cursor"];
    const second = await other.get(`/v1/secret?limit=2&cursor=${cursor}`);
    const names = [first, second].flatMap((page) => parse<{ name: string }[]>(page).map(({ name }) => name));
    expect(names).toEqual(["c", "b", "a"]);
    expect(second.headers["x-dispatch-next-cursor"]).toBeUndefined();
  });
});

describe("functions", () => {
  test("look as they always did, without their source", async () => {
    const { text } = await dispatch.get("/v1/function/hello");
    expect(text).toMatch(
      /^\{"createdTime":\d{10},"faasId":"([^"]+)","id":"[^"]+","image":"nodejs","functionImageURL":"dispatch\/func-\1:latest","kind":"Function","handler":"","name":"hello","reason":null,"schema":\{"in":null,"out":null\},"secrets":null,"services":null,"status":"READY","tags":null\}\n$/,
    );
  });

  test("are created with 201 and INITIALIZED, updated with UPDATING, deleted with DELETING", async () => {
    const fields = {
      handler: "",
      schema: { in: null, out: null },
      secrets: ["mail"],
      services: null,
      timeout: 5000,
      reason: null,
      tags: [{ key: "Application", value: "demo" }],
    };
    const body = functionBody("greet", HELLO, fields);
    const created = await dispatch.post("/v1/function", body);
    expect(created.status).toBe(201);
    expect(parse(created)).toMatchObject({
      status: "INITIALIZED",
      secrets: ["mail"],
      services: null,
      timeout: 5000,
      tags: [{ key: "Application", value: "demo" }],
    });
    expect(parse(created)).not.toHaveProperty("functionImageURL");
    expect(parse(created)).not.toHaveProperty("source");
    await dispatch.built("greet");
    const again = await dispatch.post("/v1/function", body);
    expect([again.status, errorOf(again).message]).toEqual([409, "function greet already exists"]);
    const updated = await dispatch.put("/v1/function/greet", functionBody("greet", HELLO));
    expect([updated.status, parse<{ status: string }>(updated).status]).toEqual([200, "UPDATING"]);
    expect(parse(updated)).toMatchObject({ secrets: null, tags: null });
    expect(parse(updated)).not.toHaveProperty("timeout");
    const deleted = await dispatch.delete("/v1/function/greet");
    expect([deleted.status, parse<{ status: string }>(deleted).status]).toEqual([200, "DELETING"]);
    expect((await dispatch.get("/v1/function/greet")).status).toBe(404);
  });

  test("come as the published command line packs them: no end of archive, last file not padded", async () => {
    const source = unterminatedSourceOf(HELLO);
    expect((await dispatch.post("/v1/function", { name: "packed", image: "nodejs", source })).status).toBe(201);
    expect((await dispatch.built("packed")).status).toBe("READY");
    expect((await dispatch.run("packed", { name: "Jon" })).output).toEqual({ myField: "Hello, Jon" });
  });

  test("cannot be renamed, and an update without source is a mistake before it is one of a missing function", async () => {
    const renamed = await dispatch.put("/v1/function/hello", functionBody("other", HELLO));
    expect([renamed.status, errorOf(renamed).message]).toEqual([
      400,
      "the body names function other, the path hello: a function cannot be renamed",
    ]);
    expect((await dispatch.put("/v1/function/nosuch", { name: "nosuch", image: "nodejs" })).status).toBe(400);
    expect((await dispatch.put("/v1/function/nosuch", functionBody("nosuch", HELLO))).status).toBe(404);
  });
});
