import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSqlite } from "../../adapters/db/sqlite.ts";
import { iam } from "../iam/authorize.ts";
import type { Database } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { ChangeFeed } from "../store/change-feed.ts";
import type { Api } from "./contract.ts";
import { Apis, type ApisPorts, type FunctionState } from "./service.ts";

const home = "dispatch-server";
const gatewayHosts = new Map([["B.example.com", "team-b"]]);
const admin: Principal = { kind: "administrator", id: "admin", organization: home, via: "rest" };

let folder: string;
let database: Database;
let apis: Apis;
let functions: Map<string, FunctionState>;
/** Name to the keys that have a value. */
let secrets: Map<string, readonly string[]>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "apis-"));
  database = await openSqlite(join(folder, "test.db"));
  functions = new Map([["echo", { status: "READY", serving: true }]]);
  secrets = new Map([["slack", ["statusUrl"]]]);
  apis = await start();
});

afterEach(async () => {
  await database.close();
  await rm(folder, { recursive: true });
});

function ports(): ApisPorts {
  const functionState = (_: string, name: string) => functions.get(name);
  const secretHas = async (_: string, name: string, key: string) => secrets.get(name)?.includes(key);
  return { database, feed: new ChangeFeed(), iam, gatewayOrganization: home, gatewayHosts, functionState, secretHas };
}

async function start(): Promise<Apis> {
  const service = new Apis(ports());
  await service.load();
  return service;
}

function create(name: string, given: Partial<Api> = {}): Promise<Api> {
  const api = { name, function: "echo", enabled: true, methods: ["post"], uris: ["/cloudmaster"], ...given };
  return apis.create(admin, home, api);
}

function answering(path: string): string | undefined {
  return apis.endpoints.match({ host: "127.0.0.1", path, method: "POST" })?.name;
}

test("an endpoint for Slack says while its secret cannot tell Slack from strangers", async () => {
  const { status, reason } = await create("cloudmaster", { authentication: "slack" });
  expect([status, reason]).toEqual([
    "READY",
    [expect.stringMatching(/^secret slack has no `signingSecret`: only this machine/)],
  ]);
  secrets.set("slack", ["statusUrl", "signingSecret"]);
  expect(await apis.get(admin, home, "cloudmaster")).not.toHaveProperty("reason");
  const other = await create("other", { authentication: "slack", authenticationSecret: "door", uris: ["/other"] });
  expect(other.reason).toEqual(["secret door not found: calls get 503 until it is created"]);
});

test.each([
  [{ methods: ["GET", "psot"] }, 'no request has the method "PSOT": did you mean POST?'],
  [{ methods: ["*"] }, 'no request has the method "*": leave methods out for all of them'],
  [
    { hosts: ["https://chat.example.com"] },
    /^no request has the host "https:..chat.example.com": write the name alone/,
  ],
  [{ hosts: ["chat.example.com:8081"] }, /^no request has the host "chat.example.com:8081"/],
  [{ hosts: ["*.example.com"] }, /^no request has the host/],
  [{ hosts: ["chat.example.com", "a b"] }, /^no request has the host "a b"/],
  [{ hosts: [""] }, /^no request has the host ""/],
])("an endpoint says what no request can have: %j", async (given, sentence) => {
  const { reason } = await create("never", given);
  expect(reason).toContainEqual(typeof sentence === "string" ? sentence : expect.stringMatching(sentence));
});

test("a host is a name or an address, a method any that HTTP knows", async () => {
  const hosts = ["chat.example.com", "Chat_1.internal.", "localhost", "10.0.0.1", "::1", "[2001:db8::1]"];
  const often = await create("often", { hosts, methods: ["get", "PropFind"] });
  expect(often).toMatchObject({ hosts, methods: ["GET", "PROPFIND"] });
  expect(often.reason?.join(" ") ?? "").not.toContain("no request");
});

test("an API looks on the wire as it always did", async () => {
  const api = await create("cloudmaster", { authentication: "public", protocols: ["http", "https"] });
  expect(api).toEqual({
    authentication: "public",
    enabled: true,
    function: "echo",
    hosts: null,
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    kind: "API",
    methods: ["POST"],
    name: "cloudmaster",
    protocols: ["http", "https"],
    status: "READY",
    tags: null,
    uris: ["/dispatch-server/cloudmaster"],
  });
  expect(await apis.get(admin, home, "cloudmaster")).toEqual(api);
});

test("what was read can be sent back without a second prefix", async () => {
  const api = await create("cloudmaster");
  const updated = await apis.update(admin, home, "cloudmaster", { ...api, cors: true });
  expect(updated.uris).toEqual(["/dispatch-server/cloudmaster"]);
  expect(updated.cors).toBe(true);
});

test("an endpoint with hosts keeps its paths as they are", async () => {
  expect((await create("hosted", { hosts: ["api.example.com"], uris: ["/x"] })).uris).toEqual(["/x"]);
});

test("a second API of the same name is refused in the known words", async () => {
  await create("cloudmaster");
  await expect(create("cloudmaster")).rejects.toMatchObject({ status: 409, message: "API cloudmaster already exists" });
});

describe("authentication", () => {
  test("an unknown word is refused with the ones that are known", async () => {
    const message =
      'authentication "oauth2" is not known: use one of public, basic, token, slack, github, standard-webhooks, hmac';
    await expect(create("x", { authentication: "oauth2" })).rejects.toMatchObject({ status: 400, message });
  });

  test("basic without a secret is refused", async () => {
    const refusal = { status: 400, message: expect.stringContaining("needs authenticationSecret") };
    await expect(create("x", { authentication: "basic" })).rejects.toMatchObject(refusal);
  });

  test("an empty word means public", async () => {
    await create("x", { authentication: "" });
    expect(apis.endpoints.match({ host: "", path: "/cloudmaster", method: "POST" })?.authentication).toBe("public");
  });
});

describe("the endpoint table", () => {
  test("follows creation, update and deletion at once, and the youngest of equals answers", async () => {
    await create("cloudmaster");
    const echo = await create("echo");
    expect(echo.reason).toEqual([
      "shadows API cloudmaster: POST /dispatch-server/cloudmaster is answered by this younger one",
    ]);
    expect(answering("/cloudmaster")).toBe("echo");
    await apis.update(admin, home, "cloudmaster", await apis.get(admin, home, "cloudmaster"));
    expect(answering("/cloudmaster")).toBe("echo");
    expect(await apis.delete(admin, home, "echo")).toMatchObject({ name: "echo", status: "DELETING" });
    expect(answering("/cloudmaster")).toBe("cloudmaster");
  });

  test("is the same after a restart", async () => {
    await create("cloudmaster");
    await create("echo");
    apis = await start();
    expect(answering("/dispatch-server/cloudmaster")).toBe("echo");
  });
});

describe("the status", () => {
  test("says that the function is not there yet, and is READY as soon as it is", async () => {
    const api = await create("nofn", { function: "later" });
    expect(api.status).toBe("INITIALIZED");
    expect(api.reason).toEqual(["function later not found: calls get 404 until it is created"]);
    functions.set("later", { status: "READY", serving: true });
    expect((await apis.get(admin, home, "nofn")).status).toBe("READY");
  });

  test("stays READY while a serving function is updated", async () => {
    functions.set("echo", { status: "UPDATING", serving: true });
    expect((await create("x")).status).toBe("READY");
  });
});

describe("a host name", () => {
  const at = (organization: string, ...hosts: string[]) =>
    apis.create(admin, organization, {
      name: "x",
      function: "echo",
      enabled: true,
      hosts,
      uris: ["/x"],
      methods: ["POST"],
    });

  test("that was given to an organization is used by it alone, however it is spelt", async () => {
    expect((await at("team-b", "b.example.com")).hosts).toEqual(["b.example.com"]);
    for (const host of ["b.example.com", "B.EXAMPLE.COM", "b.example.com."]) {
      await expect(at(home, host)).rejects.toMatchObject({ status: 403 });
    }
  });

  test("that nobody was given is the gateway organization's", async () => {
    await at(home, "chat.example.com");
    await expect(at("team-b", "chat.example.com")).rejects.toMatchObject({
      status: 403,
      message:
        "host name chat.example.com does not belong to organization team-b: whoever runs the server gives it with --gateway-hosts chat.example.com=team-b",
    });
    await at("team-c");
    await expect(
      apis.update(admin, "team-c", "x", { name: "x", function: "echo", hosts: ["chat.example.com"] }),
    ).rejects.toMatchObject({ status: 403 });
  });

  test("that was given away later opens the older endpoint no more, which says so", async () => {
    const before = new Apis({ ...ports(), gatewayHosts: new Map([["c.example.com", "team-c"]]) });
    await before.load();
    await before.create(admin, "team-c", {
      name: "x",
      function: "echo",
      enabled: true,
      hosts: ["c.example.com"],
      uris: ["/x"],
    });
    const now = await start();
    expect(now.endpoints.match({ host: "c.example.com", path: "/x", method: "POST" })).toBeUndefined();
    expect((await now.get(admin, "team-c", "x")).reason).toEqual([
      expect.stringContaining("host name c.example.com does not belong to organization team-c"),
    ]);
  });
});

test("an unknown API is not found, and a name cannot be changed", async () => {
  await expect(apis.get(admin, home, "x")).rejects.toMatchObject({ status: 404, message: "API x not found" });
  const api = await create("x");
  const refusal = { status: 400, message: expect.stringContaining("cannot be changed") };
  await expect(apis.update(admin, home, "x", { ...api, name: "y" })).rejects.toMatchObject(refusal);
});

test("organizations do not see each other's endpoints", async () => {
  await create("x");
  expect(await Array.fromAsync(apis.list(admin, "other").parts())).toEqual([]);
});
