/** How mistakes are refused: the rows of server.md 2.3 and 2.5, in their order, on more than one kind each. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Dispatch } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { type Method, OLD_HEADERS, OldClient } from "./old-client.ts";

let server: ServerProcess;
let client: OldClient;

beforeAll(async () => {
  server = await startServer();
  client = new OldClient(server.api);
  const dispatch = new Dispatch(server.api);
  await dispatch.createImage("nodejs");
  await dispatch.createFunction("echo", { "echo.js": "module.exports = (context, params) => params;\n" });
});

afterAll(() => server.dispose());

type Row = readonly [
  method: Method,
  path: string,
  body: string | undefined,
  status: number,
  code: number,
  message: string,
];

async function refused([method, path, body, status, code, message]: Row): Promise<void> {
  const answer = await client.send(method, path, body);
  expect([answer.status, answer.text]).toEqual([status, JSON.stringify({ code, message })]);
  expect(answer.headers["content-type"]).toBe("application/json");
}

const EVENT = '"cloudEventsVersion":"0.1","eventType":"t","source":"s","eventID":"1"';
const P1 = "name should start with letter or number and may only contain letters, numbers, underscores and dashes";
const STATUSES = "[INITIALIZED CREATING READY UPDATING ERROR DELETING]";

describe("framework errors", () => {
  const unknownPaths: Row[] = [
    ["GET", "/v1/function/a/b", undefined, 404, 404, "path /v1/function/a/b was not found"],
    ["GET", "/v1/event/nosuch", undefined, 404, 404, "path /v1/event/nosuch was not found"],
    ["GET", "/v1/events", undefined, 404, 404, "path /v1/events was not found"],
    ["GET", "/v1/nonexistent", undefined, 404, 404, "resource does not exist"],
  ];
  test.each(unknownPaths)("an unknown path: %s %s", (...row) => refused(row));

  test("a path with a broken escape", () =>
    refused(["GET", "/v1/secret/%E9", undefined, 400, 400, "'/v1/secret/%E9' is not a valid url component"]));

  const otherMethods = [
    ["PATCH", "/v1/function", ["GET", "POST"]],
    ["GET", "/v1/event", ["POST"]],
    ["GET", "/v1/event/ingest", ["POST"]],
    ["POST", "/v1/event/drivers/one", ["DELETE", "GET", "PUT"]],
    ["DELETE", "/v1/runs/4875ab6e-901b-45ca-9bce-02ae9ae5e797", ["GET"]],
    // The path of two operations with the same method.
    ["DELETE", "/v1/runs/logs", ["GET"]],
  ] as const;
  test.each(otherMethods)("another method: %s %s", async (method, path, allowed) => {
    const answer = await client.send(method, path);
    expect([answer.status, answer.headers.allow?.split(", ").sort()]).toEqual([405, allowed]);
    const { code, message } = JSON.parse(answer.text) as { code: number; message: string };
    expect([code, message]).toEqual([405, expect.stringMatching(/^method \w+ is not allowed, but \[[A-Z,]+\] are$/)]);
  });

  test("neither cookie nor authorization", async () => {
    for (const path of ["/v1/function", "/v1/event/subscriptions", "/v1/runs", "/v1/api/x"]) {
      const answer = await client.bare("GET", path, { "x-dispatch-org": "o" });
      expect([answer.status, answer.text]).toEqual([
        401,
        '{"code":401,"message":"unauthenticated for invalid credentials"}',
      ]);
    }
  });

  test("a body of another type, or of none", async () => {
    for (const [type, named] of [
      ["text/plain", "text/plain"],
      ["application/yaml", "application/yaml"],
      [undefined, "application/octet-stream"],
    ] as const) {
      const headers = { ...OLD_HEADERS, ...(type === undefined ? {} : { "content-type": type }) };
      const answer = await client.bare("POST", "/v1/event", headers, "{}");
      const message = `unsupported media type "${named}", only [application/json] are allowed`;
      expect([answer.status, answer.text]).toEqual([415, JSON.stringify({ code: 415, message })]);
    }
  });

  const needless: Row[] = (["GET", "DELETE"] as const).flatMap((method) => [
    [method, "/v1/secret/x", "{}", 500, 500, "no consumer registered for application/json"] as const,
    [method, "/v1/event/drivers/x", "{}", 500, 500, "no consumer registered for application/json"] as const,
  ]);
  test.each(needless)("a body where none belongs: %s %s", async (method, path, body, status, code, message) => {
    const headers = { ...OLD_HEADERS, "content-type": "application/json" };
    const answer = await client.bare(method, path, headers, body);
    expect([answer.status, answer.text]).toEqual([status, JSON.stringify({ code, message })]);
  });

  const rows: Record<string, Row[]> = {
    "a required body that is not there": [
      ["POST", "/v1/function", "", 422, 602, "body in body is required"],
      ["POST", "/v1/event", "", 422, 602, "body in body is required"],
      ["PUT", "/v1/event/drivers/x", "", 422, 602, "body in body is required"],
      ["POST", "/v1/secret", "", 422, 602, "secret in body is required"],
      ["POST", "/v1/runs?functionName=echo", "", 400, 400, "Bad Request: Invalid Payload"],
    ],
    "JSON that is cut off": [
      ["POST", "/v1/event", "{", 400, 400, 'parsing body body from "" failed, because unexpected EOF'],
      [
        "POST",
        "/v1/event/drivertypes",
        '{"name":"x',
        400,
        400,
        'parsing body body from "" failed, because unexpected EOF',
      ],
      ["POST", "/v1/secret", "[", 400, 400, 'parsing secret body from "" failed, because unexpected EOF'],
    ],
    "a required field that is missing": [
      ["POST", "/v1/function", "{}", 422, 602, "image in body is required"],
      ["POST", "/v1/event/subscriptions", '{"name":"s","function":"f"}', 422, 602, "eventType in body is required"],
      [
        "POST",
        "/v1/runs?functionName=echo",
        '{"logs":{"stderr":["a"],"stdout":null}}',
        422,
        602,
        "logs.stdout in body is required",
      ],
      [
        "POST",
        "/v1/runs?functionName=echo",
        '{"error":{"type":"InputError"}}',
        422,
        602,
        "error.message in body is required",
      ],
      ["POST", "/v1/event/drivers", '{"name":"d"}', 422, 602, "type in body is required"],
      ["POST", "/v1/event/drivertypes", '{"name":"d","image":null}', 422, 602, "image in body is required"],
      ["POST", "/v1/event", `{"event":{${EVENT}}}`, 422, 602, "cloudEventsVersion in body is required"],
      ["POST", "/v1/event", '{"cloudEventsVersion":"0.1","eventType":"t"}', 422, 602, "source in body is required"],
      ["POST", "/v1/event/ingest", `{${EVENT}}`, 422, 602, "authToken in query is required"],
      ["POST", "/v1/event/ingest?authToken=", `{${EVENT}}`, 422, 602, "authToken in query is required"],
    ],
    "a text that is too long": [
      [
        "POST",
        "/v1/event/drivers",
        `{"name":"d","type":"${"t".repeat(33)}"}`,
        422,
        603,
        "type in body should be at most 32 chars long",
      ],
      [
        "POST",
        "/v1/event/drivertypes",
        `{"name":"${"n".repeat(33)}","image":"i"}`,
        422,
        603,
        "name in body should be at most 32 chars long",
      ],
      [
        "POST",
        "/v1/event",
        `{"cloudEventsVersion":"0.1","source":"s","eventType":"${"t".repeat(129)}"}`,
        422,
        603,
        "eventType in body should be at most 128 chars long",
      ],
    ],
    "a parameter that does not fit its pattern": [
      ["GET", "/v1/runs?functionName=a.b", undefined, 422, 605, "functionName in query should match '^[\\w\\d\\-]+$'"],
      ["GET", "/v1/api/a.b", undefined, 422, 605, "api in path should match '^[\\w\\d\\-]+$'"],
      [
        "DELETE",
        "/v1/event/subscriptions/a.b",
        undefined,
        422,
        605,
        "subscriptionName in path should match '^[\\w\\d\\-]+$'",
      ],
      ["GET", "/v1/event/drivers/a%20b", undefined, 422, 605, "driverName in path should match '^[\\w\\d\\-]+$'"],
    ],
    "a name that does not fit its pattern": [
      ["POST", "/v1/secret", '{"name":"-x"}', 422, 605, P1],
      ["POST", "/v1/event/subscriptions", '{"name":"a b","function":"f","eventType":"t"}', 422, 605, P1],
      [
        "POST",
        "/v1/event/drivers",
        '{"name":"testDriver","type":"ticker"}',
        422,
        605,
        "name should start with lower case letter or number and may only contain lower case letters, numbers and dashes",
      ],
      [
        "POST",
        "/v1/event",
        '{"cloudEventsVersion":"0.1","source":"s","eventType":"bad type!"}',
        422,
        605,
        "eventType in body should match '^[\\w\\d\\-\\.]+$'",
      ],
      [
        "POST",
        "/v1/event/subscriptions",
        '{"name":"s","function":"f.g","eventType":"t"}',
        422,
        605,
        "function in body should match '^[\\w\\d\\-]+$'",
      ],
    ],
    "a word that is none of those": [
      [
        "POST",
        "/v1/event/subscriptions",
        '{"name":"s","function":"f","eventType":"t","status":"FINE"}',
        422,
        606,
        `status in body should be one of ${STATUSES}`,
      ],
      [
        "POST",
        "/v1/baseimage",
        '{"name":"b","dockerUrl":"d","language":"l","spec":"X"}',
        422,
        606,
        "spec in body should be one of [CONFIGURE CREATE DELETE]",
      ],
    ],
    "another format": [
      ["GET", "/v1/runs/abc", undefined, 422, 601, 'runName in path must be of type uuid: "abc"'],
      ["GET", "/v1/runs?since=abc", undefined, 422, 601, 'since in query must be of type int64: "abc"'],
      ["POST", "/v1/event", `{${EVENT},"id":"1"}`, 422, 601, 'id in body must be of type uuid: "1"'],
    ],
  };

  for (const [situation, mistakes] of Object.entries(rows)) {
    test.each(mistakes)(`${situation}: %s %s %s`, (...row) => refused(row));
  }

  const undecodable = [
    ["/v1/event", `{${EVENT},"source":1}`],
    ["/v1/event", `{${EVENT},"eventTime":"yesterday"}`],
    ["/v1/event", `{${EVENT},"eventTime":null}`],
    ["/v1/event", `[{${EVENT}}]`],
    ["/v1/event/drivers", '{"name":"d","type":"t","config":{"a":"b"}}'],
    ["/v1/event/subscriptions", '{"name":1,"function":"f"}'],
    ["/v1/function", '{"name":"f","image":"nodejs","source":"no base64!"}'],
    ["/v1/function", '{"name":"f","timeout":"long"}'],
  ] as const;
  test.each(undecodable)("a value of another type is 400 before all else: %s %s", async (path, body) => {
    const answer = await client.send("POST", path, body);
    const { code, message } = JSON.parse(answer.text) as { code: number; message: string };
    expect([answer.status, code, message]).toEqual([
      400,
      400,
      expect.stringMatching(/^parsing body body from "" failed, because ./),
    ]);
  });

  test("of several mistakes the first is told: header, then path, query and body by name, then fields by name", async () => {
    const noOrganization = { cookie: "unset", "content-type": "application/json" };
    const header = await client.bare("PUT", "/v1/function/a.b", noOrganization, "{}");
    expect(header.text).toContain("X-Dispatch-Org in header is required");
    expect((await client.send("PUT", "/v1/function/a.b", "{}")).text).toContain("image in body is required");
    expect((await client.send("PUT", "/v1/api/a.b", "{}")).text).toContain("api in path should match");
    expect((await client.send("PUT", "/v1/event/subscriptions/a.b", "{}")).text).toContain("eventType in body");
    expect((await client.send("POST", "/v1/event/ingest?authToken=", "{")).text).toContain("authToken in query");
  });

  test("any media type may be asked for: there is no 406", async () => {
    const answer = await client.bare("GET", "/v1/secret", { ...OLD_HEADERS, accept: "image/png" });
    expect([answer.status, answer.headers["content-type"]]).toEqual([200, "application/json"]);
  });
});

describe("handler errors", () => {
  const missing: Row[] = [
    ["GET", "/v1/function/nosuch", undefined, 404, 404, "function nosuch not found"],
    ["POST", "/v1/runs?functionName=nosuch", "{}", 404, 404, "function nosuch not found"],
    ["GET", "/v1/baseimage/nosuch", undefined, 404, 404, "base image nosuch not found"],
    ["GET", "/v1/image/nosuch", undefined, 404, 404, "image nosuch not found"],
    ["GET", "/v1/secret/nosuch", undefined, 404, 404, "secret nosuch not found"],
    ["GET", "/v1/api/nosuch", undefined, 404, 404, "API nosuch not found"],
    ["GET", "/v1/event/drivers/nosuch", undefined, 404, 404, "event driver nosuch not found"],
    ["GET", "/v1/event/drivertypes/nosuch", undefined, 404, 404, "event driver type nosuch not found"],
    ["GET", "/v1/event/subscriptions/nosuch", undefined, 404, 404, "subscription nosuch not found"],
    ["GET", "/v1/iam/policy/nosuch", undefined, 404, 404, "policy nosuch not found"],
    ["GET", "/v1/iam/serviceaccount/nosuch", undefined, 404, 404, "service account nosuch not found"],
    ["GET", "/v1/iam/organization/nosuch", undefined, 404, 404, "organization nosuch not found"],
  ];
  test.each(missing)("not found: %s %s", (...row) => refused(row));

  test("not found: a run, also one of another function or one that has not changed since; here the name is not left out", async () => {
    const unknown = "4875ab6e-901b-45ca-9bce-02ae9ae5e797";
    await refused(["GET", `/v1/runs/${unknown}`, undefined, 404, 404, `function run ${unknown} not found`]);
    const { text } = await client.send("POST", "/v1/runs?functionName=echo", '{"blocking":true}');
    const { name } = JSON.parse(text) as { name: string };
    const message = `function run ${name} not found`;
    await refused(["GET", `/v1/runs/${name}?functionName=other`, undefined, 404, 404, message]);
    await refused(["GET", `/v1/runs/${name}?since=4000000000`, undefined, 404, 404, message]);
  });

  test("a name that is taken by another kind, or in another organization, is free", async () => {
    const other = new OldClient(server.api, { "x-dispatch-org": "elsewhere" });
    expect((await client.send("POST", "/v1/secret", '{"name":"echo"}')).status).toBe(201);
    expect((await other.send("POST", "/v1/secret", '{"name":"echo"}')).status).toBe(201);
    await refused(["POST", "/v1/secret", '{"name":"echo"}', 409, 409, "secret echo already exists"]);
  });

  test("renaming is the caller's mistake and told as one, instead of 500", async () => {
    await client.send("POST", "/v1/event/drivertypes", '{"name":"kept","image":"i"}');
    const message = "the body names event driver type other, the path kept: an event driver type cannot be renamed";
    await refused(["PUT", "/v1/event/drivertypes/kept", '{"name":"other","image":"i"}', 400, 400, message]);
  });

  const others: Row[] = [
    ["POST", "/v1/runs", '{"functionName":"echo","blocking":true}', 400, 400, "Bad Request: No function specified"],
    ["POST", "/v1/function", '{"name":"f","image":"nodejs"}', 400, 400, "either source or sourceURL must be specified"],
    ["POST", "/v1/image", '{"name":"i","baseImageName":"nosuch"}', 400, 400, "Error fetching base image nosuch"],
    [
      "POST",
      "/v1/event/drivers",
      '{"name":"d","type":"nosuch"}',
      400,
      400,
      "bad request when processing event driver d: driver type nosuch does not exist",
    ],
    ["POST", "/v1/event/ingest?authToken=x", `{${EVENT}}`, 401, 401, "token not recognized"],
    [
      "POST",
      "/v1/event",
      '{"cloudEventsVersion":"0.1","eventType":"t","source":"s"}',
      400,
      400,
      "Error validating event: Key: 'CloudEvent.EventID' Error:Field validation for 'EventID' failed on the 'required' tag",
    ],
    [
      "POST",
      "/v1/event",
      '{"cloudEventsVersion":"0.2","eventType":"t","source":"s","eventID":"1"}',
      400,
      400,
      "Error validating event: Key: 'CloudEvent.CloudEventsVersion' Error:Field validation for 'CloudEventsVersion' failed on the 'eq' tag",
    ],
  ];
  test.each(others)("%s %s %s", (...row) => refused(row));
});
