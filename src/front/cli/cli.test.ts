import { createHash, createHmac } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { proofText } from "../../core/iam/proof.ts";
import { type Answering, call, type RecordedRequest, recordedServer, routes, temporaryFolder } from "./cli.fixture.ts";

const helloJs = {
  createdTime: 1795358877,
  faasId: "f7611cda-fa98-4af1-b6ec-8d54b4a5951c",
  id: "4875ab6e-901b-45ca-9bce-02ae9ae5e797",
  image: "nodejs",
  functionImageURL: "dispatch/func-f7611cda-fa98-4af1-b6ec-8d54b4a5951c:latest",
  kind: "Function",
  handler: "",
  name: "hello-js",
  reason: null,
  schema: { in: null, out: null },
  secrets: null,
  services: null,
  status: "READY",
  tags: null,
};

const openSesame = {
  id: "206559ed-5461-4e75-a5ef-44f67785ef76",
  kind: "Secret",
  name: "open-sesame",
  secrets: { password: "OpenSesame" },
  tags: null,
};

const run =
  '{"blocking":true,"executedTime":1795358883318771301,"faasId":"f7611cda-fa98-4af1-b6ec-8d54b4a5951c",' +
  '"finishedTime":1795358883331518983,"functionId":"4875ab6e-901b-45ca-9bce-02ae9ae5e797","functionName":"hello-js",' +
  '"input":{"name":"Jon","place":"Winterfell"},"logs":{"stderr":null,"stdout":null},' +
  '"name":"2830d337-0e8f-4713-b6fe-3b332b63f451","output":{"myField":"Hello, Jon from Winterfell"},"reason":null,' +
  '"secrets":[],"services":null,"status":"READY","tags":[]}';

const failedRun =
  '{"error":{"message":"py boom","stacktrace":["RuntimeError: py boom"],"type":"FunctionError"},"executedTime":1795358883318771301,' +
  '"finishedTime":1795358883331518983,"functionName":"logger","name":"001eb300-663c-4439-93a4-763d0e0f64d1",' +
  '"logs":{"stderr":["to stderr"],"stdout":["to stdout"]},"reason":null,"secrets":null,"services":null,"status":"ERROR","tags":[]}';

describe("get", () => {
  test("prints an object with the keys in their known order", async () => {
    const server = await recordedServer(routes({ "GET /v1/function/hello-js": { status: 200, body: helloJs } }));
    const { stdout, stderr, status } = await call(["get", "function", "hello-js", "-o", "json"], server);
    expect(stdout).toBe(`{
    "createdTime": 1795358877,
    "faasId": "f7611cda-fa98-4af1-b6ec-8d54b4a5951c",
    "id": "4875ab6e-901b-45ca-9bce-02ae9ae5e797",
    "image": "nodejs",
    "functionImageURL": "dispatch/func-f7611cda-fa98-4af1-b6ec-8d54b4a5951c:latest",
    "kind": "Function",
    "handler": "",
    "name": "hello-js",
    "reason": null,
    "schema": {},
    "secrets": null,
    "services": null,
    "status": "READY",
    "tags": null
}
`);
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  });

  test("tells its version", async () => {
    expect(await call(["--version"])).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^dispatch \d+\.\d+\.\d+\n$/),
      stderr: "",
    });
  });

  const types = ["eventdriver-types", "driver-type", "drivertypes", "DriverType", "drivers"];

  test.each(["function", "functions", "Function", "base-image", "base-images", "baseimages", ...types])(
    "knows the word %s",
    async (word) => {
      const server = await recordedServer(() => ({ status: 200, body: [] }));
      expect(await call(["get", word, "-o", "json"], server)).toEqual({ status: 0, stdout: "[]\n", stderr: "" });
    },
  );

  test("prints an empty list as [] in YAML", async () => {
    const server = await recordedServer(() => ({ status: 200, body: [] }));
    expect((await call(["get", "functions", "-o", "yaml"], server)).stdout).toBe("[]\n");
  });

  test("prints names alone, one a line", async () => {
    const server = await recordedServer(() => ({ status: 200, body: [helloJs, { ...helloJs, name: "other" }] }));
    expect((await call(["get", "functions", "-o", "name"], server)).stdout).toBe("hello-js\nother\n");
  });

  test("never shows the value of a secret in a table", async () => {
    const server = await recordedServer(() => ({ status: 200, body: [openSesame] }));
    expect((await call(["get", "secrets"], server)).stdout).toBe(
      "Note: secret values are hidden, please use --all flag to get them\n\n" +
        "                   ID                  |    NAME     | CONTENT   \n" +
        "-------------------------------------------------------------\n" +
        "  206559ed-5461-4e75-a5ef-44f67785ef76 | open-sesame | <hidden>  \n",
    );
  });

  test("prints secrets with --all as JSON", async () => {
    const server = await recordedServer(() => ({ status: 200, body: [openSesame] }));
    expect(JSON.parse((await call(["get", "secrets", "--all"], server)).stdout)).toEqual([openSesame]);
  });

  test("keeps every digit of nanoseconds, and of numbers in an output", async () => {
    const body = run.replace('"Hello, Jon from Winterfell"', "12345678901234567890");
    const server = await recordedServer(() => ({ status: 200, body }));
    const { stdout } = await call(["get", "run", "hello-js", "2830d337-0e8f-4713-b6fe-3b332b63f451", "--json"], server);
    expect(stdout).toContain('"executedTime": 1795358883318771301,');
    expect(stdout).toContain('"myField": 12345678901234567890');
    const yaml = await call(["get", "run", "hello-js", "2830d337-0e8f-4713-b6fe-3b332b63f451", "-o", "yaml"], server);
    expect(yaml.stdout).toContain("executedTime: 1795358883318771301\n");
  });

  test("writes half of a character as U+FFFD, as jq wants it, and leaves alone what only looks like one", async () => {
    const body = run.replace(
      '"Hello, Jon from Winterfell"',
      String.raw`"\ud83d, \ud83d\ude00, \\ud83d, \\\udc00 \ud800\ud801"`,
    );
    const server = await recordedServer(() => ({ status: 200, body }));
    const { stdout } = await call(["get", "run", "hello-js", "2830d337-0e8f-4713-b6fe-3b332b63f451", "--json"], server);
    expect(stdout).toContain(String.raw`"myField": "�, 😀, \\ud83d, \\� ��"`);
  });

  test("leaves the end of a run that has not ended empty", async () => {
    const running =
      '[{"executedTime":1795358883318771301,"finishedTime":-6795364578871345152,"functionName":"f","name":"r","status":"CREATING"}]';
    const server = await recordedServer(() => ({ status: 200, body: running }));
    const table = (await call(["get", "runs"], server)).stdout;
    expect(table).not.toContain("1754");
    expect((await call(["get", "runs", "-o", "json"], server)).stdout).not.toContain("finishedTime");
  });

  test("asks for one run with --last and prints a list", async () => {
    const server = await recordedServer(() => ({ status: 200, body: `[${run}]` }));
    const { stdout } = await call(["get", "runs", "hello-js", "--last", "--json"], server);
    expect(server.requests[0]?.url).toBe("/v1/runs?functionName=hello-js&limit=1");
    expect(JSON.parse(stdout)).toHaveLength(1);
  });

  test("passes status and point in time on to the server", async () => {
    const server = await recordedServer(() => ({ status: 200, body: [] }));
    await call(["get", "runs", "--status", "error", "--since", "2026-11-22T14:48:03Z"], server);
    expect(server.requests[0]?.url).toBe("/v1/runs?status=ERROR&since=1795358883&limit=51");
  });

  test("follows no runs any more when it is interrupted", async () => {
    const server = await recordedServer(() => ({ status: 200, body: `[${run}]` }));
    const signal = AbortSignal.abort();
    expect(await call(["get", "runs", "--follow"], { ...server, signal })).toMatchObject({ status: 1, stdout: "" });
  });
});

describe("errors", () => {
  test("prints code and message of the server", async () => {
    const server = await recordedServer(() => ({
      status: 404,
      body: { code: 404, message: "secret nosuch not found" },
    }));
    expect(await call(["delete", "secret", "nosuch"], server)).toEqual({
      status: 1,
      stdout: "",
      stderr: "[Code: 404] secret nosuch not found\n",
    });
  });

  test("prints the code of the body, not the status line", async () => {
    const server = await recordedServer(() => ({ status: 422, body: { code: 605, message: "bad" } }));
    expect((await call(["get", "secrets"], server)).stderr).toBe("[Code: 605] bad\n");
  });

  test("says which address did not answer", async () => {
    const { stderr, status } = await call(["get", "functions", "--port", "1"]);
    expect(stderr).toMatch(
      /^unexpected error received from server: Get http:\/\/127\.0\.0\.1:1\/v1\/function: connect ECONNREFUSED/,
    );
    expect(status).toBe(1);
  });

  test("names the nearest command for an unknown one", async () => {
    expect(await call(["gett"])).toEqual({
      status: 1,
      stdout: "",
      stderr:
        'Error: unknown command "gett" for "dispatch"\n\nDid you mean this?\n\tget\n\nRun \'dispatch --help\' for usage.\n',
    });
  });

  test("names the nearest resource type for an unknown one", async () => {
    const { stderr, status } = await call(["get", "functons"]);
    expect(stderr).toMatch(
      /^Error: unknown resource type "functons" for "dispatch get"\n\nDid you mean this\?\n\tfunctions?\n/,
    );
    expect(status).toBe(1);
  });

  test.each([
    [["create", "secret", "one"], "requires at least 2 arg(s), only received 1"],
    [["delete", "api"], "accepts 1 arg(s), received 0"],
    [["get", "run", "a", "b", "c"], "accepts between 0 and 2 arg(s), received 3"],
    [["get", "functions", "--nope"], "unknown flag: --nope"],
    [["get", "functions", "-z"], "unknown shorthand flag: 'z' in -z"],
    [["get", "functions", "-o"], "flag needs an argument: 'o' in -o"],
    [["exec", "f", "--input"], "flag needs an argument: --input"],
    [["create", "function", "f", "p", "--timeout", "soon"], 'invalid argument "soon" for "--timeout" flag'],
  ])("%j is a mistake of its own", async (words, message) => {
    const { stdout, stderr, status } = await call(words);
    expect(stderr).toContain(`Error: ${message}`);
    expect(stderr).toContain("Usage:");
    expect({ stdout, status }).toEqual({ stdout: "", status: 1 });
  });

  test("refuses an unknown output format on stdout", async () => {
    const { stdout, status } = await call(["get", "functions", "-o", "xml"]);
    expect(stdout).toMatch(/^invalid format option \[yaml\|json/);
    expect(status).toBe(1);
  });
});

describe("help", () => {
  test.each([[[]], [["get"]], [["create"]], [["delete"]], [["iam"]], [["iam", "get"]], [["--help"]], [["help"]]])(
    "%j prints help and succeeds",
    async (words) => {
      const { stdout, stderr, status } = await call(words);
      expect(stdout).toContain("Usage:");
      expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    },
  );

  test("shows arguments, flags and an example of a command", async () => {
    const { stdout } = await call(["help", "create", "api"]);
    expect(stdout).toContain("dispatch create api API_NAME FUNCTION_NAME [flags]");
    expect(stdout).toContain("-p, --path strings");
    expect(stdout).toContain("dispatch create api echo echo --path /cloudmaster --method POST --https-only");
  });
});

describe("create and delete", () => {
  test("creates a secret from a file and says so", async () => {
    const server = await recordedServer(routes({ "POST /v1/secret": { status: 201, body: openSesame } }));
    const cwd = temporaryFolder({ "secret.json": '{"password": "OpenSesame"}' });
    expect(await call(["create", "secret", "open-sesame", "secret.json"], { ...server, cwd })).toEqual({
      status: 0,
      stdout: "Created secret: open-sesame\n",
      stderr: "",
    });
    expect(server.requests[0]?.body).toEqual({ name: "open-sesame", secrets: { password: "OpenSesame" }, tags: [] });
    expect(server.requests[0]?.headers).toMatchObject({ "x-dispatch-org": "dispatch-server", cookie: "cookie" });
  });

  test.each([
    ['{"password": "hunter2"', "not valid JSON"],
    ['{"password": 42}', 'the value of "password" must be a string'],
    ["[]", "one JSON object"],
    [
      '{"user": "a",\n "password": "hunter2",\n "passwor\\u0064": "hunter2"}',
      'secret.json: the key "password" stands there again at line 3 column 2: leave one of them',
    ],
  ])("refuses the secrets file %s without repeating it", async (text, message) => {
    const cwd = temporaryFolder({ "secret.json": text });
    const { stderr, status } = await call(["create", "secret", "s", "secret.json"], { cwd });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("hunter2");
    expect(status).toBe(1);
  });

  test("says what the server notes about an endpoint, beside its message", async () => {
    const reason = [
      "function echo is INITIALIZED: calls get 404 until it is READY",
      "secret slack has no `signingSecret`",
    ];
    const server = await recordedServer(routes({ "POST /v1/api": { status: 200, body: { name: "echo", reason } } }));
    expect(await call("create api echo echo --auth slack --path /x".split(" "), server)).toMatchObject({
      stdout: "Created api: echo\n",
      stderr: "note: API echo: secret slack has no `signingSecret`\n",
    });
  });

  test("describes the URLs under which an endpoint answers: its hosts', and both protocols where it names none", async () => {
    const api = { name: "a", function: "f", hosts: ["a.example.com", "b.example.com"], protocols: null, uris: ["/x"] };
    const server = await recordedServer(routes({ "GET /v1/api/a": { status: 200, body: api } }));
    expect((await call(["describe", "api", "a"], server)).stdout).toContain(
      [
        "URL:             http://a.example.com:8081/x",
        "                 https://a.example.com:8444/x",
        "                 http://b.example.com:8081/x",
        "                 https://b.example.com:8444/x",
      ].join("\n"),
    );
  });

  test("creates the endpoint of the demo", async () => {
    const server = await recordedServer(routes({ "POST /v1/api": { status: 200, body: { name: "echo" } } }));
    const words = "create api echo echo --path /cloudmaster --method POST --https-only".split(" ");
    expect((await call(words, server)).stdout).toBe("Created api: echo\n");
    expect(server.requests[0]?.body).toEqual({
      name: "echo",
      function: "echo",
      authentication: "public",
      cors: false,
      enabled: true,
      hosts: [],
      methods: ["POST"],
      protocols: ["https"],
      tags: [],
      uris: ["/cloudmaster"],
    });
  });

  test("takes flags before, between and after the arguments, and splits lists at commas", async () => {
    const server = await recordedServer(routes({ "POST /v1/api": { status: 200, body: { name: "a" } } }));
    const words = [
      "-o",
      "name",
      "create",
      "--json=false",
      "api",
      "-mGET,POST",
      "a",
      "-p=/x",
      "f",
      "--cors",
      "--auth",
      "slack",
    ];
    expect((await call([...words, "--auth-secret", "slack"], server)).stdout).toBe("a\n");
    expect(server.requests[0]?.body).toMatchObject({
      methods: ["GET", "POST"],
      uris: ["/x"],
      cors: true,
      authentication: "slack",
      authenticationSecret: "slack",
    });
  });

  test("sends a function with its limits", async () => {
    const server = await recordedServer(routes({ "POST /v1/function": { status: 201, body: helloJs } }));
    const cwd = temporaryFolder({ "hello.js": "module.exports = () => 1" });
    const words =
      "create function hello-js hello.js --image nodejs --secret a,b --secret c --env K=V=W --memory 128 --cpu 0.5 --keep-runs 100 --keep-runs-for 30d";
    expect(await call([...words.split(" "), "--network", "none"], { ...server, cwd })).toMatchObject({
      status: 0,
      stdout: "Created function: hello-js\n",
    });
    expect(server.requests[0]?.body).toMatchObject({
      name: "hello-js",
      image: "nodejs",
      handler: "",
      secrets: ["a", "b", "c"],
      env: { K: "V=W" },
      limits: { memory: 128, cpu: 0.5 },
      network: "none",
      keepRuns: { count: 100, seconds: 30 * 24 * 60 * 60 },
      source: expect.stringMatching(/^H4sI/),
    });
  });

  test("sends an organization with what it keeps, and refuses a span that is none", async () => {
    const server = await recordedServer(routes({ "POST /v1/iam/organization": { status: 201, body: { name: "a" } } }));
    const words = ["iam", "create", "organization", "a"];
    expect(await call([...words, "--keep-runs-for", "1.5h"], server)).toMatchObject({ status: 0, stderr: "" });
    expect(await call(words, server)).toMatchObject({ status: 0, stderr: "" });
    const [kept, plain] = server.requests.map(({ body }) => body);
    expect([kept, plain]).toEqual([{ ...(plain as object), keepRuns: { seconds: 5400 } }, expect.anything()]);
    const wrong = await call([...words, "--keep-runs-for", "long"], server);
    expect([wrong.status, wrong.stderr]).toEqual([
      1,
      expect.stringContaining('"--keep-runs-for" flag: a span of time'),
    ]);
  });

  test.each([
    ["create", "POST /v1/function"],
    ["update", "PUT /v1/function/hello-js"],
  ])(
    "%s sends how a function's runs are kept apart, and nothing of it where it was not asked for",
    async (verb, route) => {
      const server = await recordedServer(routes({ [route]: { status: 200, body: helloJs } }));
      const cwd = temporaryFolder({ "hello.js": "module.exports = () => 1" });
      const words = [verb, "function", "hello-js", "hello.js", "--image", "nodejs"];
      expect(await call([...words, "--isolation", "run"], { ...server, cwd })).toMatchObject({ status: 0, stderr: "" });
      expect(await call(words, { ...server, cwd })).toMatchObject({ status: 0, stderr: "" });
      expect(server.requests[0]?.body).toMatchObject({ name: "hello-js", isolation: "run" });
      expect(server.requests[1]?.body).not.toHaveProperty("isolation");
    },
  );

  test("answers a missing source, image or handler with the known sentences", async () => {
    const cwd = temporaryFolder({ "dir/a.js": "", "hello.js": "" });
    expect((await call(["create", "function", "f", "nofile.js", "--image", "nodejs"], { cwd })).stderr).toBe(
      "failed to determine if path is dir: 'nofile.js': stat nofile.js: no such file or directory\n",
    );
    const server = await recordedServer(({ body }) => ({ status: 201, body }));
    expect(await call(["create", "function", "noimage", "hello.js"], { cwd, ...server })).toEqual({
      status: 0,
      stdout: "Created function: noimage\n",
      stderr: "note: Function noimage: no image is named, so it cannot run: name one with --image, such as nodejs\n",
    });
    await call(["create", "base-image", "nodejs-base", "dispatchframework/nodejs-base:0.0.12"], { cwd, ...server });
    expect(server.requests.at(-1)?.body).toMatchObject({ name: "nodejs-base", language: "" });
    expect((await call(["create", "function", "nohandler", "dir", "--image", "nodejs"], { cwd })).stderr).toBe(
      "error creating function nohandler: handler is required, source path dir is a directory\n",
    );
  });

  test("waits until a function is READY", async () => {
    const states = ["CREATING", "CREATING", "READY"];
    const server = await recordedServer(({ method }) => ({
      status: method === "POST" ? 201 : 200,
      body: { ...helloJs, status: method === "POST" ? "INITIALIZED" : states.shift() },
    }));
    const cwd = temporaryFolder({ "hello.js": "x" });
    const outcome = await call(["create", "function", "hello-js", "hello.js", "--image", "nodejs", "--wait"], {
      ...server,
      cwd,
    });
    expect(outcome).toEqual({ status: 0, stdout: "Created function: hello-js\n", stderr: "" });
    expect(states).toEqual([]);
  });

  test("exits with 1 and the reason when a function it waits for ends in ERROR", async () => {
    const broken = { ...helloJs, status: "ERROR", reason: ["image nosuch not found"] };
    const server = await recordedServer(({ method }) => ({ status: method === "POST" ? 201 : 200, body: broken }));
    const cwd = temporaryFolder({ "hello.js": "x" });
    const words = ["create", "function", "hello-js", "hello.js", "--image", "nosuch", "--wait"];
    expect(await call(words, { ...server, cwd })).toEqual({
      status: 1,
      stdout: "Created function: hello-js\n",
      stderr: "function hello-js is in ERROR: image nosuch not found\n",
    });
  });

  test("stops waiting at the limit", async () => {
    const server = await recordedServer(({ method }) => ({
      status: method === "POST" ? 201 : 200,
      body: { ...helloJs, status: "CREATING" },
    }));
    const cwd = temporaryFolder({ "hello.js": "x" });
    const words = [
      "create",
      "function",
      "hello-js",
      "hello.js",
      "--image",
      "nodejs",
      "--wait",
      "--wait-timeout",
      "50ms",
    ];
    const { stderr, status } = await call(words, { ...server, cwd });
    expect(stderr).toBe("function hello-js is still CREATING after 50ms; see: dispatch describe function hello-js\n");
    expect(status).toBe(1);
  });

  test("says what was deleted, also for a secret, which is not answered with itself", async () => {
    const server = await recordedServer(
      routes({
        "DELETE /v1/secret/slack": { status: 204 },
        "DELETE /v1/event/drivers/tick1": { status: 200, body: { name: "tick1" } },
      }),
    );
    expect((await call(["delete", "secret", "slack"], server)).stdout).toBe("Deleted secret: slack\n");
    expect((await call(["delete", "event-driver", "tick1"], server)).stdout).toBe("Deleted drivers: tick1\n");
  });
});

describe("exec", () => {
  test("prints the run as the server answered it", async () => {
    const server = await recordedServer(() => ({ status: 200, body: run }));
    const input = '{"name": "Jon", "place": "Winterfell"}';
    const { stdout, status } = await call(["exec", "hello-js", "--input", input, "--wait"], server);
    expect(stdout.split("\n").slice(0, 3)).toEqual([
      "{",
      '    "blocking": true,',
      '    "executedTime": 1795358883318771301,',
    ]);
    expect(status).toBe(0);
    expect(server.requests[0]).toMatchObject({
      url: "/v1/runs?functionName=hello-js",
      body: { blocking: true, input: { name: "Jon", place: "Winterfell" }, secrets: [] },
    });
  });

  test("exits with 1 when the run failed", async () => {
    const server = await recordedServer(() => ({ status: 200, body: failedRun }));
    expect((await call(["exec", "logger", "--wait"], server)).status).toBe(1);
    expect(await call(["exec", "logger", "--output-only"], server)).toEqual({
      status: 1,
      stdout: "",
      stderr: "FunctionError: py boom\n",
    });
  });

  test("prints only the output with --output-only", async () => {
    const server = await recordedServer(() => ({ status: 200, body: run }));
    expect((await call(["exec", "hello-js", "--output-only"], server)).stdout).toBe(
      '{\n    "myField": "Hello, Jon from Winterfell"\n}\n',
    );
  });

  test("takes its input from a file and from standard input", async () => {
    const server = await recordedServer(() => ({ status: 202, body: run }));
    const cwd = temporaryFolder({ "in.json": "[1]" });
    await call(["exec", "f", "--input", "@in.json"], { ...server, cwd });
    await call(["exec", "f", "--input", "-"], { ...server, stdin: "42" });
    expect(server.requests.map(({ body }) => (body as { input: unknown }).input)).toEqual([[1], 42]);
  });

  test("says why an input is no JSON", async () => {
    expect((await call(["exec", "f", "--input", "not json"])).stderr).toBe(
      "Error when parsing function parameters not json\ninvalid character 'o' in literal null (expecting 'u')\n",
    );
  });
});

describe("logs and describe", () => {
  test("prints what the last run wrote, each stream to its own", async () => {
    const server = await recordedServer(
      routes({
        "GET /v1/runs": { status: 200, body: `[${failedRun}]` },
        "GET /v1/runs/001eb300-663c-4439-93a4-763d0e0f64d1": { status: 200, body: failedRun },
      }),
    );
    expect(await call(["log", "logger"], server)).toEqual({ status: 0, stdout: "to stdout\n", stderr: "to stderr\n" });
  });

  test("describes a function with its reason and its last runs", async () => {
    const server = await recordedServer(
      routes({
        "GET /v1/function/logger": {
          status: 200,
          body: { ...helloJs, name: "logger", status: "ERROR", reason: ["no\nmodule"] },
        },
        "GET /v1/runs": { status: 200, body: `[${failedRun}]` },
      }),
    );
    const { stdout } = await call(["describe", "function", "logger"], server);
    expect(stdout).toContain("Status:          ERROR\nReason:          no\n                 module\n");
    expect(stdout).toMatch(/Last runs: {7}001eb300-663c-4439-93a4-763d0e0f64d1 {2}ERROR .* {2}12.7ms {2}py boom\n/);
  });
});

describe("other commands", () => {
  test("prints its own version even when the server does not answer", async () => {
    const { stdout, status } = await call(["version", "--port", "1"]);
    expect(stdout).toMatch(/^Client: v\d+\.\d+\.\d+\n$/);
    expect(status).toBe(1);
  });

  test("emits an event as the body itself", async () => {
    const server = await recordedServer(() => ({ status: 200, body: {} }));
    expect((await call(["emit", "test.event", "--data", '{"name": "Jon"}'], server)).stdout).toBe("event emitted\n");
    expect(server.requests[0]?.body).toMatchObject({
      eventType: "test.event",
      cloudEventsVersion: "0.1",
      source: "dispatch",
      contentType: "application/json",
      data: { name: "Jon" },
    });
  });

  test.each(["bash", "zsh", "fish"])("prints a completion script for %s", async (shell) => {
    expect((await call(["completion", shell])).stdout).toContain("dispatch __complete");
  });

  test("completes commands, flags and names of resources", async () => {
    const server = await recordedServer(() => ({ status: 200, body: [helloJs] }));
    expect((await call(["__complete", "--", "ge"])).stdout).toBe("get\n");
    expect((await call(["__complete", "--", "get", "func"])).stdout).toBe("function\n");
    expect((await call(["__complete", "--", "create", "api", "--pa"])).stdout).toBe("--path\n");
    expect((await call(["__complete", "--", "delete", "function", "he"], server)).stdout).toBe("hello-js\n");
    expect((await call(["__complete", "--", "delete", "function", ""], { env: { DISPATCH_PORT: "1" } })).stdout).toBe(
      "",
    );
  });
});

describe("contexts", () => {
  const solo =
    '{ "current": "solo", "contexts": { "solo": { "host": "127.0.0.1", "port": 8080, "scheme": "http", "organization": "dispatch-server", "cookie": "cookie", "insecure": true, "api-http-port": 8081 } } }';

  const endpoint = { name: "echo", function: "echo", protocols: ["http", "https"], uris: ["/a/echo"] };
  const gateway = { status: 200, body: { gateway: { http: 9001 } } };

  test.each([
    ["the server tells", gateway, solo, ["http://127.0.0.1:9001/a/echo", "https://127.0.0.1:8444/a/echo"]],
    ["the context names", gateway, solo.replace("8081", "80"), ["http://127.0.0.1/a/echo"]],
    ["are usual, where a server tells none", { status: 404 }, solo, ["http://127.0.0.1:8081/a/echo"]],
  ])("addresses of endpoints have the ports that %s", async (_who, health, config, urls) => {
    const { env } = await recordedServer(
      routes({ "GET /healthz": health, "GET /v1/api/echo": { status: 200, body: endpoint } }),
    );
    const HOME = temporaryFolder({ ".dispatch/config.json": config });
    for (const verb of ["get", "describe"]) {
      const { stdout } = await call([verb, "api", "echo"], { env: { ...env, HOME } });
      for (const url of urls) expect(stdout).toContain(` ${url}`);
    }
  });

  test("shows the configuration without the cookie", async () => {
    const HOME = temporaryFolder({ ".dispatch/config.json": solo });
    expect((await call(["context"], { env: { HOME } })).stdout).toBe(
      `  CONTEXT |                CONFIG                 
-----------------------------------------------
  * solo  | {                                     
          |   "host": "127.0.0.1",                
          |   "port": 8080,                       
          |   "scheme": "http",                   
          |   "organization": "dispatch-server",  
          |   "cookie": "",                       
          |   "insecure": true,                   
          |   "api-http-port": 8081               
          | }                                     
`,
    );
  });

  test("saves a new context in a new folder, for its owner alone", async () => {
    const HOME = temporaryFolder({});
    const env = { HOME };
    expect((await call(["context", "create", "Prod", "--host", "d.example.com"], { env })).stdout).toBe(
      "Created context prod\n",
    );
    const path = join(HOME, ".dispatch/config.json");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({
      current: "prod",
      contexts: { prod: { host: "d.example.com", port: 443, scheme: "https", organization: "dispatch-server" } },
    });
    await call(["context", "create", "local", "--host", "127.0.0.1", "--port", "8080", "--scheme", "http"], { env });
    expect((await call(["context", "set", "prod"], { env })).stdout).toBe("Set context to prod\n");
    expect((await call(["context", "current", "-o", "name"], { env })).stdout).toBe("prod\n");
    expect((await call(["context", "delete", "local"], { env })).stdout).toBe("Deleted context local\n");
    expect((await call(["context", "set", "prd"], { env })).stderr).toBe("No such context prd; did you mean prod?\n");
  });

  test("saves a token that the server accepts, and forgets it again", async () => {
    const HOME = temporaryFolder({});
    const server = await recordedServer(({ headers }) => ({
      status: headers.authorization === "Bearer s3cret" ? 200 : 401,
      body:
        headers.authorization === "Bearer s3cret"
          ? {}
          : { code: 401, message: "unauthenticated for invalid credentials" },
    }));
    const env = { ...server.env, HOME };
    expect((await call(["login", "--token-stdin"], { env, stdin: "wrong" })).stderr).toBe(
      "error logging in: unauthenticated for invalid credentials\n",
    );
    expect((await call(["login", "--token-stdin"], { env, stdin: "s3cret\n" })).stdout).toBe(
      "You have successfully logged in\n",
    );
    expect((await call(["get", "functions", "-o", "json"], { env: { HOME } })).status).toBe(0);
    expect((await call(["context"], { env: { HOME } })).stdout).not.toContain("s3cret");
    expect((await call(["logout"], { env: { HOME } })).stdout).toBe("You have successfully logged out\n");
    expect(readFileSync(join(HOME, ".dispatch/config.json"), "utf8")).not.toContain("s3cret");
  });

  test("tells where a broken configuration breaks off, without repeating it", async () => {
    const HOME = temporaryFolder({ ".dispatch/config.json": '{"contexts": {"a": {"cookie": "hunter2"' });
    const { stderr, status } = await call(["get", "functions"], { env: { HOME } });
    expect(stderr).toMatch(/^Error reading config file .*config\.json: it is not valid JSON/);
    expect(stderr).not.toContain("hunter2");
    expect(status).toBe(1);
  });

  test("prefers flag to environment to context", async () => {
    const server = await recordedServer(() => ({ status: 200, body: [] }));
    const config = join(temporaryFolder({}), "c.json");
    const context = {
      host: "127.0.0.1",
      port: server.port,
      scheme: "http",
      organization: "from-file",
      cookie: "c00kie",
    };
    writeFileSync(config, JSON.stringify({ Current: "A", Contexts: { a: context } }));
    await call(["get", "functions"], { env: { DISPATCH_CONFIG: config } });
    await call(["get", "functions"], { env: { DISPATCH_CONFIG: config, DISPATCH_ORGANIZATION: "from-env" } });
    await call(["get", "functions", "--organization", "from-flag"], {
      env: { DISPATCH_CONFIG: config, DISPATCH_ORGANIZATION: "e" },
    });
    expect(server.requests.map(({ headers }) => headers["x-dispatch-org"])).toEqual([
      "from-file",
      "from-env",
      "from-flag",
    ]);
    expect(server.requests[0]?.headers.cookie).toBe("c00kie");
  });

  /** Proves that it knows `token`, and lets in who shows it; `at` is the address that it claims. */
  const knowing =
    (token: string, at = (local: RecordedRequest["local"]) => local): Answering =>
    ({ url, headers, local }) => {
      const asked = new URL(url, "http://x");
      if (asked.pathname === "/v1/iam/proof") {
        const key = createHash("sha256").update(token).digest("hex");
        const text = proofText(asked.searchParams.get("nonce") ?? "", at(local));
        return { status: 200, body: createHmac("sha256", key).update(text).digest("hex") };
      }
      if (headers.authorization === `Bearer ${token}`) return { status: 200, body: [] };
      return { status: 401, body: { code: 401, message: "no" } };
    };

  test("finds the administrator token of a server on this machine when it is asked for one", async () => {
    const data = temporaryFolder({ "admin-token": "t0ken\n" });
    const server = await recordedServer(knowing("t0ken"));
    const env = { ...server.env, DISPATCH_DATA_DIR: data };
    expect((await call(["get", "functions", "-o", "json"], { env })).stdout).toBe("[]\n");
    expect((await call(["get", "functions", "--token", "mine"], { env })).stderr).toBe(
      "[Code: 401] no\nThe token was refused (--token, DISPATCH_TOKEN or the context's): dispatch login --token-stdin\n",
    );
  });

  test.each([
    ["that proves nothing", () => ({ status: 401, body: { code: 401, message: "no" } })],
    ["that knows another token", knowing("0ther")],
    [
      "that passes on the proof of the server at another port",
      knowing("t0ken", ({ address }) => ({ address, port: 8080 })),
    ],
    [
      "that passes on the proof of the server at another address",
      knowing("t0ken", ({ port }) => ({ address: "::1", port })),
    ],
  ])("gives the administrator token to no program %s", async (_, answering: Answering) => {
    const data = temporaryFolder({ "admin-token": "t0ken\n" });
    const server = await recordedServer(answering);
    const { status, stderr } = await call(["get", "functions"], { env: { ...server.env, DISPATCH_DATA_DIR: data } });
    expect([status, stderr]).toEqual([1, expect.stringContaining("The server asks for a credential")]);
    expect(JSON.stringify(server.requests)).not.toContain("t0ken");
  });
});

test.each([
  ["create base-image a dispatchframework/a:1 --language nodejs", { tags: [], description: "for books" }],
  ["update eventdrivertype a b/c:1 --application shop", { tags: [{ key: "Application", value: "shop" }] }],
  ["iam create organization a", { name: "a", description: "for books" }],
])("says what a resource is for: %s --description", async (line, body) => {
  const { env, requests } = await recordedServer(() => ({ status: 200, body: { name: "a" } }));
  expect(await call([...line.split(" "), "--description", "for books"], { env })).toMatchObject({ status: 0 });
  expect(requests[0]?.body).toMatchObject({ ...body, description: "for books" });
});

test.each([
  "create api a f",
  "create base-image a dispatchframework/a:1 --language nodejs",
  "create image a b",
  "create function a hello.js --image b",
  "create secret a secrets.json",
  "update subscription f --name a --event-type t",
  "create eventdriver ticker --name a",
  "create eventdrivertype a b/c:1",
  "create alert a --when run-failed --function f",
  "iam create policy a --subject ci --action get --resource *",
  "iam create serviceaccount a --public-key ci.pem",
  "iam create organization a",
])("says who looks after a resource: %s --owner", async (line) => {
  const { env, requests } = await recordedServer(() => ({ status: 200, body: { name: "a" } }));
  const cwd = temporaryFolder({ "hello.js": "", "secrets.json": "{}", "ci.pem": "key" });
  const words = [...line.split(" "), "--owner", "team-cloud"];
  expect(await call(words, { env, cwd })).toMatchObject({ status: 0, stderr: "" });
  expect(requests[0]?.body).toMatchObject({ name: "a", owner: "team-cloud" });
});

test.each([
  [{}, "administrator"],
  [{ owner: "service-account:a/ci" }, "service account a/ci"],
  [{ owner: "team-cloud: #vm-ops" }, "team-cloud: #vm-ops"],
])("describe shows whose a resource of %j is", async (given, shown) => {
  const body = { name: "a", ...given };
  const { env } = await recordedServer(({ url }) => ({ status: 200, body: url.endsWith("/a") ? body : [] }));
  expect((await call(["describe", "secret", "a"], { env })).stdout).toContain(`Owner:           ${shown}\n`);
});
