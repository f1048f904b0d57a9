import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Answering, call, recordedServer, temporaryFolder } from "../cli.fixture.ts";

const all = `kind: Function
name: y-hello
sourcePath: hello.js
image: nodejs
tags:
  - key: role
    value: test
---
kind: API
name: y-api
function: y-hello
authentication: public
enabled: true
methods:
  - GET
  - POST
protocols:
  - http
uris:
  - /y
---
kind: Secret
name: y-secret
secrets:
  user: u1
  password: p1
---
kind: Subscription
name: y-sub
eventType: y.event
function: y-hello
`;

/** Remembers what was created, as a server does. */
function remembering(): Answering {
  const known = new Set<string>();
  return ({ method, url, body }) => {
    const name =
      typeof body === "object" && body !== null && "name" in body ? String(body.name) : (url.split("/").at(-1) ?? "");
    if (method === "POST" && known.has(name))
      return { status: 409, body: { code: 409, message: `it ${name} already exists` } };
    if (method !== "POST" && !known.has(name))
      return { status: 404, body: { code: 404, message: `it ${name} not found` } };
    if (method === "DELETE") known.delete(name);
    else known.add(name);
    return { status: 200, body: { name, status: "READY" } };
  };
}

async function sent(yaml: string, verb = "create"): Promise<unknown> {
  const server = await recordedServer(() => ({ status: 200, body: { name: "x" } }));
  const cwd = temporaryFolder({ "all.yaml": yaml, "hello.js": "x", "f.js": "x" });
  const outcome = await call([verb, "-f", "all.yaml"], { ...server, cwd });
  expect(outcome).toMatchObject({ status: 0, stderr: "" });
  return server.requests[0]?.body;
}

async function mistakes(yaml: string): Promise<string> {
  const { stderr, stdout, status } = await call(["create", "-f", "all.yaml"], {
    cwd: temporaryFolder({ "all.yaml": yaml }),
    env: { DISPATCH_PORT: "1" },
  });
  expect({ stdout, status }).toEqual({ stdout: "", status: 1 });
  return stderr;
}

describe("verbs", () => {
  test("create, apply, update and delete work through one file and say so line by line", async () => {
    const server = await recordedServer(remembering());
    const options = { ...server, cwd: temporaryFolder({ "all.yaml": all, "hello.js": "x" }) };
    expect((await call(["create", "-f", "all.yaml"], options)).stdout).toBe(
      "Created Function: y-hello\nCreated API: y-api\nCreated Secret: y-secret\nCreated Subscription: y-sub\n",
    );
    expect((await call(["apply", "-f", "all.yaml"], options)).stdout).toBe(
      "Applied Function: y-hello\nApplied API: y-api\nApplied Secret: y-secret\nApplied Subscription: y-sub\n",
    );
    expect((await call(["update", "-f", "all.yaml"], options)).stdout).toContain("Updated Subscription: y-sub\n");
    const bare = { ...options, cwd: temporaryFolder({ "all.yaml": all }) };
    expect((await call(["delete", "-f", "all.yaml"], bare)).stdout).toBe(
      "Deleted Subscription: y-sub\nDeleted Secret: y-secret\nDeleted API: y-api\nDeleted Function: y-hello\n",
    );
    expect((await call(["apply", "-f", "all.yaml"], options)).status).toBe(0);
  });

  test("create goes on after an error, sums up and exits with 1", async () => {
    const server = await recordedServer(({ url }) =>
      url === "/v1/api"
        ? { status: 409, body: { code: 409, message: "API y-api already exists" } }
        : { status: 201, body: {} },
    );
    const cwd = temporaryFolder({ "all.yaml": all, "hello.js": "x" });
    expect(await call(["create", "-f", "all.yaml"], { ...server, cwd })).toEqual({
      status: 1,
      stdout: "Created Function: y-hello\nCreated Secret: y-secret\nCreated Subscription: y-sub\n",
      stderr: "[Code: 409] API y-api already exists\ncreate: 1 of 4 resources failed: API y-api\n",
    });
  });

  test("does not try the rest when no server answers", async () => {
    const cwd = temporaryFolder({ "all.yaml": all, "hello.js": "x" });
    const { stderr, status } = await call(["create", "-f", "all.yaml"], { cwd, env: { DISPATCH_PORT: "1" } });
    expect(stderr.match(/unexpected error received from server/g)).toHaveLength(1);
    expect(stderr).toContain("create: 1 of 4 resources failed: Function y-hello; not tried: 3\n");
    expect(status).toBe(1);
  });

  test("a name that stands in the file twice is an update the second time", async () => {
    const server = await recordedServer(remembering());
    const twice = "kind: Secret\nname: s\nsecrets: {a: '1'}\n---\nkind: Secret\nname: s\nsecrets: {a: '2'}\n";
    const options = { ...server, cwd: temporaryFolder({ "all.yaml": twice }) };
    expect(await call(["create", "-f", "all.yaml"], options)).toEqual({
      status: 0,
      stdout: "Created Secret: s\nUpdated Secret: s\n",
      stderr: "",
    });
    expect((await call(["delete", "-f", "all.yaml"], options)).stdout).toBe("Deleted Secret: s\n");
    expect((await call(["delete", "-f", "all.yaml"], options)).stderr).toBe(
      "[Code: 404] it s not found\ndelete: 1 of 1 resources failed: Secret s\n",
    );
  });

  test("prints one JSON object with --json", async () => {
    const server = await recordedServer(remembering());
    const cwd = temporaryFolder({ "all.yaml": all, "hello.js": "x" });
    const { stdout } = await call(["create", "-f", "all.yaml", "--json"], { ...server, cwd });
    expect(JSON.parse(stdout)).toMatchObject({
      baseImages: null,
      secrets: [{ name: "y-secret" }],
      functions: [{ name: "y-hello" }],
    });
    expect(Object.keys(JSON.parse(stdout) as object)[0]).toBe("api");
  });

  test("says what it would do with --dry-run and asks nobody", async () => {
    const cwd = temporaryFolder({ "all.yaml": all });
    const { stdout } = await call(["create", "-f", "all.yaml", "--dry-run"], { cwd, env: { DISPATCH_PORT: "1" } });
    expect(stdout.split("\n")[1]).toBe("Would create API: y-api (all.yaml:9:1)");
    const deleted = await call(["delete", "-f", "all.yaml", "--dry-run"], { cwd, env: { DISPATCH_PORT: "1" } });
    expect(deleted.stdout.split("\n")[0]).toMatch(/^Would delete Subscription: y-sub/);
  });

  test("waits for all, prints every reason and exits with 1", async () => {
    const server = await recordedServer(({ url }) => ({
      status: 200,
      body: url.includes("function") ? { status: "ERROR", reason: ["no such module"] } : { status: "READY" },
    }));
    const cwd = temporaryFolder({ "all.yaml": all, "hello.js": "x" });
    const { stdout, stderr, status } = await call(["create", "-f", "all.yaml", "--wait"], { ...server, cwd });
    expect(stdout).toContain("Created Subscription: y-sub\n");
    expect({ stderr, status }).toEqual({ stderr: "function y-hello is in ERROR: no such module\n", status: 1 });
  });
});

describe("documents", () => {
  test("keys count in any letter case", async () => {
    expect(await sent("kind: BaseImage\nNAME: b\ndockerurl: d\nLanguage: nodejs\n")).toEqual({
      name: "b",
      dockerUrl: "d",
      language: "nodejs",
    });
  });

  test("places of text get the text as written, places of booleans know YAML 1.1", async () => {
    const text = "kind: Secret\nname: s\nsecrets: {a: 2, b: yes, c: 0x1F, d: 1.50, e: true, f: '7', g: , h: 012}\n";
    expect(await sent(text)).toEqual({
      name: "s",
      secrets: { a: "2", b: "yes", c: "0x1F", d: "1.50", e: "true", f: "7", g: "", h: "012" },
    });
    expect(await sent("kind: API\nname: a\nfunction: f\nenabled: yes\ncors: on\n")).toMatchObject({
      enabled: true,
      cors: true,
    });
  });

  test("an endpoint that does not say enabled is sent without it", async () => {
    expect(await sent("kind: API\nname: a\nfunction: f\n")).toEqual({ name: "a", function: "f" });
  });

  test.each(["create", "update", "apply"])("%s sends how a function's runs are kept apart", async (verb) => {
    const text = "kind: Function\nname: f\nimage: i\nsourcePath: f.js\nisolation: run\n";
    expect(await sent(text, verb)).toMatchObject({ name: "f", isolation: "run" });
  });

  test("legacy keys and empty values pass silently", async () => {
    const text =
      "kind: Image\nname: i\nbaseImageName: b\nPublic: true\ntags:\n- {key: a, value: 1, label: x}\nreason:\n";
    expect(await sent(text)).toEqual({ name: "i", baseImageName: "b", tags: [{ key: "a", value: "1" }] });
  });

  test("JSON Schemas keep their own types and letter case", async () => {
    const text =
      "kind: Function\nname: f\nimage: i\nsourcePath: f.js\nschema: {in: {Type: object, maxProperties: 3, default: 1.5}}\n";
    expect(await sent(text)).toMatchObject({ schema: { in: { Type: "object", maxProperties: 3, default: 1.5 } } });
  });

  test("anchors, merged maps, several documents, comments and --- inside of texts are YAML as usual", async () => {
    const text =
      "# first\n---\n---\nkind: Secret\nname: s\nsecrets: &base\n  pem: |\n    ---\n    x\n  again: *base2\n".replace(
        "  again: *base2\n",
        "",
      );
    expect(await sent(text)).toEqual({ name: "s", secrets: { pem: "---\nx\n" } });
    const merged = "kind: API\n<<: &shared {function: f, cors: true}\nname: a\n";
    expect(await sent(merged)).toEqual({ name: "a", function: "f", cors: true });
  });

  test("files that were put together keep their byte order marks, and old ones end lines with a carriage return", async () => {
    expect(await sent("# first\n---\n\uFEFFkind: Secret\nname: s\nsecrets: {a: b}\n")).toEqual({
      name: "s",
      secrets: { a: "b" },
    });
    expect(await sent("kind: Secret\rname: s\rsecrets:\r  a: b\r")).toEqual({ name: "s", secrets: { a: "b" } });
  });

  test("JSON is YAML, too", async () => {
    expect(
      await sent(
        '{"kind": "Policy", "name": "p", "rules": [{"subjects": ["a"], "actions": ["*"], "resources": ["*"]}]}',
      ),
    ).toEqual({
      name: "p",
      rules: [{ subjects: ["a"], actions: ["*"], resources: ["*"] }],
    });
  });
});

describe("mistakes", () => {
  test.each([
    ["kind: Functon\nname: f\n", 'all.yaml:1:7: unknown kind "Functon"; did you mean Function?'],
    ["kind: base-image\nname: f\n", 'all.yaml:1:7: unknown kind "base-image"; did you mean BaseImage?'],
    ["name: f\n", 'all.yaml:1:1: the key "kind" is missing: it must be one of API, BaseImage'],
    [
      "kind: API\nname: a\nfunction: f\nmetods: [GET]\n",
      'all.yaml:4:1: unknown key "metods" in API; did you mean "methods"?',
    ],
    ["kind: API\nname: a\n", 'all.yaml:1:1: API lacks the key "function"'],
    ["kind: Function\nname: a\nimage: i\n", 'all.yaml:1:1: Function lacks the key "sourcePath"'],
    [
      "kind: API\nname: a\nfunction: f\nmethods: GET\n",
      'all.yaml:4:10: "methods" must be a list, here is another value',
    ],
    ["kind: API\nname: a\nfunction: f\ncors: maybe\n", 'all.yaml:4:7: "cors" must be true or false'],
    ["kind: Secret\nname: a\nsecrets:\n  a: [x]\n", 'all.yaml:4:6: "a" must be a text, here is a list'],
    ["kind: API\nname: a\nName: b\nfunction: f\n", 'all.yaml:3:1: the key "name" stands here for the second time'],
    [
      "kind: Secret\nname: a\nsecrets:\n  a: &known x\n  b: *known\n  c: *unknown\n",
      "all.yaml:6:6: *unknown names no anchor: write &unknown before the value that is meant",
    ],
    ["kind: API\nname: a\n<<: *base\nfunction: f\n", "all.yaml:3:5: *base names no anchor"],
    ["- a\n", "all.yaml:1:1: a resource must be a map of keys"],
    ["kind: API\n  name: a\n", "all.yaml:1:7: "],
    ["", "no resources found"],
  ])("%j is told with its place", async (yaml, message) => {
    expect(await mistakes(yaml)).toContain(message);
  });

  test("all mistakes are told at once, and no value of a secret", async () => {
    const text =
      "kind: API\nname: a\nfunction: f\nx: 1\n---\nkind: Secret\nname: s\nsecrets: [hunter2]\n---\nkind: Nope\n";
    const stderr = await mistakes(text);
    expect(stderr.trimEnd().split("\n")).toHaveLength(3);
    expect(stderr).toContain("all.yaml:10:7");
    expect(stderr).not.toContain("hunter2");
  });

  test("a missing source is told with all places that were looked at", async () => {
    const server = await recordedServer(remembering());
    const cwd = temporaryFolder({ "d/all.yaml": "kind: Function\nname: f\nimage: i\nsourcePath: nope.js\n" });
    const { stderr } = await call(["create", "-f", "d/all.yaml", "-w", "w"], { ...server, cwd });
    expect(stderr).toContain('d/all.yaml:1:1: "nope.js" does not exist; looked at ');
    for (const place of ["d/nope.js", "w/nope.js", "nope.js"]) expect(stderr).toContain(join(cwd, place));
  });
});

describe("files", () => {
  const secret = (name: string) => `kind: Secret\nname: ${name}\n`;

  test("sources and @files are found beside the file first, then below --work-dir, then here", async () => {
    const server = await recordedServer(remembering());
    const image = (name: string) =>
      `kind: Image\nname: ${name}\nbaseImageName: b\nruntimeDependencies: {manifest: "@${name}.txt"}\n`;
    const cwd = temporaryFolder({
      "d/all.yaml": [image("beside"), image("work"), image("here")].join("---\n"),
      "d/beside.txt": "from beside",
      "beside.txt": "from here",
      "w/work.txt": "from work",
      "work.txt": "from here",
      "here.txt": "from here",
    });
    expect((await call(["create", "-f", "d/all.yaml", "-w", "w"], { ...server, cwd })).stderr).toBe("");
    expect(server.requests.map(({ body }) => body)).toMatchObject([
      { runtimeDependencies: { manifest: "from beside" } },
      { runtimeDependencies: { manifest: "from work" } },
      { runtimeDependencies: { manifest: "from here" } },
    ]);
  });

  test("-f takes several files, folders, patterns and standard input", async () => {
    const server = await recordedServer(remembering());
    const cwd = temporaryFolder({
      "a.yaml": secret("a"),
      "dir/b.yml": secret("b"),
      "dir/deep/c.json": '{"kind": "Secret", "name": "c"}',
      "dir/notes.txt": "x",
      "g-1.yaml": secret("g1"),
      "g-2.yaml": secret("g2"),
    });
    const words = ["create", "-f", "a.yaml", "-f", "dir", "-f", "g-*.yaml", "-f", "-"];
    const { stdout } = await call(words, { ...server, cwd, stdin: secret("in") });
    expect(stdout.match(/: \w+/g)).toEqual([": a", ": b", ": c", ": g1", ": g2", ": in"]);
  });

  test("a file from a URL brings the sources beside it", async () => {
    const files: Readonly<Record<string, string>> = {
      "/demo/all.yaml": "kind: Function\nname: f\nimage: i\nsourcePath: src/f.js\n",
      "/demo/src/f.js": "module.exports = 1",
    };
    const web = createServer((request, answer) => {
      const text = files[request.url ?? ""];
      answer.writeHead(text === undefined ? 404 : 200).end(text);
    });
    await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => new Promise<void>((resolve) => web.close(() => resolve())));
    const base = `http://127.0.0.1:${(web.address() as AddressInfo).port}/demo`;
    const server = await recordedServer(remembering());
    expect(await call(["create", "-f", `${base}/all.yaml`], server)).toMatchObject({
      status: 0,
      stdout: "Created Function: f\n",
    });
    expect(server.requests[0]?.body).toMatchObject({ source: expect.stringMatching(/^H4sI/) });
    expect((await call(["create", "-f", `${base}/none.yaml`], server)).stderr).toContain("the answer was 404");
  });

  test("a file that is not there is told", async () => {
    const { stderr, status } = await call(["create", "-f", "none.yaml"], { cwd: temporaryFolder({}) });
    expect(stderr).toContain("none.yaml: no such file, folder or pattern below ");
    expect(status).toBe(1);
  });
});

describe("seed-images", () => {
  const names = [
    "nodejs-base",
    "python3-base",
    "powershell-base",
    "java-base",
    "nodejs",
    "python3",
    "powershell",
    "java",
  ];
  const line = (verb: string, name: string) => `${verb} ${name.endsWith("-base") ? "BaseImage" : "Image"}: ${name}\n`;

  test("are created in order and deleted in reverse", async () => {
    const server = await recordedServer(remembering());
    expect((await call(["create", "seed-images"], server)).stdout).toBe(
      names.map((name) => line("Created", name)).join(""),
    );
    expect(server.requests[5]?.body).toEqual({
      name: "python3",
      baseImageName: "python3-base",
      runtimeDependencies: { manifest: "requests" },
    });
    expect((await call(["create", "seed"], server)).stderr).toContain("[Code: 409]");
    expect((await call(["apply", "seed"], server)).stdout).toContain("Applied Image: java\n");
    expect((await call(["delete", "seed"], server)).stdout).toBe(
      names
        .toReversed()
        .map((name) => line("Deleted", name))
        .join(""),
    );
  });

  test("are written to a file that creates the same", async () => {
    const server = await recordedServer(remembering());
    const cwd = temporaryFolder({});
    expect(await call(["create", "seed-images", "-O", "seed.yaml"], { ...server, cwd })).toEqual({
      status: 0,
      stdout: "",
      stderr: "",
    });
    expect((await call(["create", "-f", "seed.yaml"], { ...server, cwd })).stdout).toContain("Created Image: java\n");
  });
});
