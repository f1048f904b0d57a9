/** Two organizations share a server and nothing else (server.md 3.1, 9.1; decisions 10 and 16). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bearer, signedToken } from "../iam/accounts.ts";
import { type Dispatch, errorOf, functionBody, parse } from "../support/dispatch.ts";
import { send } from "../support/http.ts";
import { until } from "../support/until.ts";
import { createWorld, kinds, type Name, type World } from "./two-organizations.ts";

let world: World;

beforeAll(async () => {
  world = await createWorld();
});

afterAll(() => world?.server.dispose());

/** A caller with the credential of one organization and the header of another. */
function intruder({ headers }: Dispatch, organization: Name): Dispatch {
  return bearer(world.server, organization, headers.authorization?.replace("Bearer ", "") ?? "");
}

/** What `caller` in red hears at the function door. */
async function atDoor(input: object): Promise<{ status: number; text: string }> {
  const run = await world.red.admin.run("caller", input);
  expect(run.error).toBeUndefined();
  return run.output as { status: number; text: string };
}

describe.each(kinds)("one $kind", ({ path, body }) => {
  const item = `${path}/same`;
  const named = (of: Name, name = "same") => ({ ...body(of), name });
  const text = async (caller: Dispatch, at = item): Promise<string> => (await caller.get(at)).text;

  /** Some kinds keep it to themselves. */
  const idOf = async (caller: Dispatch): Promise<string | undefined> => {
    const { id, name } = parse<{ id?: string; name: string }>(await caller.get(item));
    expect(name).toBe("same");
    return id;
  };

  beforeAll(async () => {
    for (const { admin, name } of [world.red, world.blue]) {
      expect([200, 201]).toContain((await admin.post(path, named(name))).status);
    }
    expect([200, 201]).toContain((await world.blue.admin.post(path, named("blue", "blue-only"))).status);
    // What the server itself changes meanwhile is nobody else's doing.
    for (const { admin, name } of [world.red, world.blue]) {
      const pending = async () => /"status":"(INITIALIZED|CREATING|UPDATING)"/.test(await text(admin, path));
      await until(`everything of ${name} is deployed`, async () => ((await pending()) ? undefined : true));
    }
  });

  test("is there once for each organization, and each sees its own", async () => {
    const { red, blue } = world;
    const ids = [await idOf(red.admin), await idOf(blue.admin)];
    expect(ids[0] === undefined || ids[0] !== ids[1]).toBe(true);
    for (const { account } of [red, blue]) expect((await account.get(item)).status).toBe(200);
    const [own, theirs] = [await text(red.account), await text(blue.account)];
    expect(own).not.toBe(theirs);
    expect(own).not.toContain("blue");
  });

  test("of another organization is in no list and under no name", async () => {
    const { red, blue } = world;
    expect(await text(red.account, path)).not.toContain("blue");
    expect(await text(red.account, path)).toContain('"same"');
    expect((await red.account.get(`${path}/blue-only`)).status).toBe(404);
    expect((await red.account.put(`${path}/blue-only`, named("red", "blue-only"))).status).toBe(404);
    expect((await red.account.delete(`${path}/blue-only`)).status).toBe(404);
    expect((await blue.account.get(`${path}/blue-only`)).status).toBe(200);
  });

  test("cannot be reached with the account of another organization", async () => {
    const { red, blue } = world;
    const thief = intruder(red.account, "blue");
    const before = await text(blue.admin, path);
    for (const answer of [
      await thief.get(path),
      await thief.get(item),
      await thief.get(`${path}/nosuch`),
      await thief.post(path, named("red", "planted")),
      await thief.put(item, named("red")),
      await thief.delete(item),
    ]) {
      expect([answer.status, errorOf(answer).message]).toEqual([
        403,
        expect.stringMatching(/^service account red\/ci may not \w+ \w+ in organization blue: no policy allows it$/),
      ]);
    }
    expect(await text(blue.admin, path)).toBe(before);
  });

  test("that is changed or deleted leaves the other one as it was", async () => {
    const { red, blue } = world;
    const before = await idOf(blue.admin);
    expect([200, 201]).toContain((await red.account.put(item, named("red"))).status);
    expect([200, 204]).toContain((await red.account.delete(item)).status);
    expect(await idOf(blue.admin)).toBe(before);
    expect(await text(blue.admin)).not.toContain("red");
  });
});

describe("a token", () => {
  test("of one account is not that of its namesake elsewhere", async () => {
    const { server, red, blue } = world;
    const forged = bearer(server, "blue", signedToken("blue/ci", red.keys));
    expect((await forged.get("/v1/secret")).status).toBe(401);
    expect((await bearer(server, "blue", signedToken("blue/ci", blue.keys)).get("/v1/secret")).status).toBe(200);
  });

  test("cannot name two organizations, or one inside another", async () => {
    for (const organization of ["red/x", "red, blue", "../blue", "red%2fx", "."]) {
      const answer = await intruder(world.red.account, organization as Name).get("/v1/secret");
      expect([organization, answer.status, errorOf(answer).code]).toEqual([organization, 422, 605]);
    }
  });
});

describe("runs", () => {
  test("use the function and the secret of their own organization", async () => {
    for (const { account, name } of [world.red, world.blue]) {
      const { output } = await account.run("who");
      expect(output).toEqual({ of: name, in: name, secrets: { owner: name } });
    }
  });

  test("cannot be listed, read or started from another one", async () => {
    const { red, blue } = world;
    const { name: id } = await blue.account.run("who");
    expect((await red.account.get(`/v1/runs/${id}`)).status).toBe(404);
    expect((await red.account.get("/v1/runs")).text).not.toContain(id);
    expect((await red.account.get("/v1/runs?functionName=who")).text).not.toContain(id);
    const thief = intruder(red.account, "blue");
    for (const answer of [
      await thief.get("/v1/runs"),
      await thief.get(`/v1/runs/${id}`),
      await thief.post("/v1/runs?functionName=who", { blocking: true }),
    ]) {
      expect(answer.status).toBe(403);
    }
  });

  test("of the same Idempotency-Key are one in each organization", async () => {
    const once = async ({ account }: World["red"]) => {
      const key = { "idempotency-key": "order-1" };
      return parse<{ name: string; output: { of: Name } }>(
        await account.post("/v1/runs?functionName=who", { blocking: true }, key),
      );
    };
    const [red, blue, again] = [await once(world.red), await once(world.blue), await once(world.red)];
    expect([red.output.of, blue.output.of]).toEqual(["red", "blue"]);
    expect(again.name).toBe(red.name);
  });

  test("of a deleted function go, those of its namesake stay", async () => {
    const { red, blue } = world;
    for (const { account } of [red, blue])
      await account.createFunction("brief", { "f.js": "module.exports = () => 1;" });
    for (const { account } of [red, blue]) await account.run("brief");
    await red.account.delete("/v1/function/brief");
    expect(await red.account.runs("?functionName=brief")).toEqual([]);
    expect(await blue.account.runs("?functionName=brief")).toHaveLength(1);
    expect((await blue.account.run("brief")).output).toBe(1);
  });
});

describe("the gateway", () => {
  const whose = async (path: string): Promise<string> => {
    const { status, text } = await send(`${world.server.gateway}${path}`);
    return status === 200 ? (JSON.parse(text) as { of: string }).of : String(status);
  };

  test("answers below the organization's own name", async () => {
    expect([await whose("/red/who"), await whose("/blue/who"), await whose("/who")]).toEqual(["red", "blue", "404"]);
  });

  test("lets nobody lay a path over another organization's", async () => {
    const claims = [
      { name: "claim-path", uris: ["/blue/who"] },
      { name: "claim-host", uris: ["/blue/who", "/blue/other"], hosts: ["127.0.0.1"] },
      { name: "claim-dots", uris: ["../blue/who", "/../blue/who"] },
    ];
    for (const claim of claims) {
      await world.red.account.post("/v1/api", { function: "who", enabled: true, methods: ["GET"], ...claim });
    }
    expect(await whose("/blue/who")).toBe("blue");
    for (const { name } of claims) await world.red.account.delete(`/v1/api/${name}`);
  });

  test("runs no function of another organization", async () => {
    await world.blue.account.createFunction("secretive", { "f.js": "module.exports = () => ({ of: 'blue' });" });
    const api = { name: "reach", function: "secretive", enabled: true, uris: ["/reach"] };
    await world.red.account.post("/v1/api", api);
    expect(await whose("/red/reach")).toBe("404");
  });
});

describe("at the function door", () => {
  const run = { method: "POST", path: "/v1/runs?functionName=who", body: { blocking: true } };

  test.each([true, false])("a function runs those of its own organization (own token: %s)", async (own) => {
    const answer = await atDoor({ ...run, own, organization: "red" });
    expect([answer.status, parse<{ output: { of: string } }>(answer as never).output.of]).toEqual([200, "red"]);
  });

  const foreign = [
    ["runs", run],
    ["the records of runs", { path: "/v1/runs" }],
    ["secrets", { path: "/v1/secret" }],
    ["functions", { path: "/v1/function" }],
    ["policies", { path: "/v1/iam/policy" }],
  ] as const;

  test.each(foreign)("a function cannot reach %s of another organization", async (_what, request) => {
    for (const own of [true, false]) {
      const answer = await atDoor({ ...request, own, organization: "blue" });
      expect([answer.status, answer.text]).toEqual([403, expect.not.stringContaining('"owner"')]);
    }
  });

  const own = [
    ["read secrets", { path: "/v1/secret" }],
    ["make functions", { method: "POST", path: "/v1/function", body: functionBody("planted", { "f.js": "" }) }],
    ["write policies", { method: "POST", path: "/v1/iam/policy", body: { name: "planted", rules: [] } }],
    ["read the metrics of all", { path: "/metrics" }],
  ] as const;

  test.each(own)("a function may not %s, even at home", async (_what, request) => {
    for (const own of [true, false]) {
      expect((await atDoor({ ...request, own, organization: "red" })).status).toBe(403);
    }
  });
});

describe("metrics and organizations", () => {
  test("tell an account nothing about others", async () => {
    const metrics = await world.red.account.get("/metrics");
    expect([metrics.status, metrics.text]).toEqual([403, expect.not.stringContaining("blue")]);
    const list = parse<{ name: string }[]>(await world.red.account.get("/v1/iam/organization"));
    expect(list.map(({ name }) => name)).toEqual(["red"]);
    expect((await world.red.account.get("/v1/iam/organization/blue")).status).toBe(403);
  });
});
