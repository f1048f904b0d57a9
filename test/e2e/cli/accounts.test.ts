/** Service accounts, policies and organizations from the command line, against a real server that asks for credentials. */
import { createSign, generateKeyPairSync } from "node:crypto";
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CommandResult, runCommand, writeFiles } from "../support/command-line.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server.ts";

const keys = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

let server: ServerProcess;
let folder: string;

beforeAll(async () => {
  server = await startServer({ flags: ["--auth", "token"] });
  folder = await temporaryFolder();
  await writeFiles(folder, {
    "ci.pem": keys.privateKey,
    "ci.pub.pem": keys.publicKey,
    "secret.json": '{"key": "hunter2"}',
    "home/.keep": "",
  });
});

afterAll(async () => {
  await server.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** The user who started the server: the administrator's token is found. */
function asAdministrator(...words: string[]): Promise<CommandResult> {
  return run(words, { DISPATCH_DATA_DIR: server.dataDir });
}

/** Somebody else on the machine. */
function asStranger(...words: string[]): Promise<CommandResult> {
  return run(words, {});
}

function run(words: readonly string[], environment: Readonly<Record<string, string>>): Promise<CommandResult> {
  const HOME = join(folder, "home");
  return runCommand(words, {
    cwd: folder,
    environment: { HOME, DISPATCH_PORT: new URL(server.api).port, ...environment },
  });
}

function succeeded(stdout: string): CommandResult {
  return { status: 0, stdout, stderr: "" };
}

test("an administrator creates an account, what it may do, and an organization", async () => {
  expect(await asAdministrator("iam", "create", "serviceaccount", "ci", "--public-key", "ci.pub.pem")).toEqual(
    succeeded("Create service account: ci\n"),
  );
  const rule = ["--subject", "ci", "--action", "get,create", "--resource", "function,secret"];
  expect(await asAdministrator("iam", "create", "policy", "ci-writes", ...rule)).toEqual(
    succeeded("Created policy: ci-writes\n"),
  );
  expect(await asAdministrator("iam", "create", "organization", "team-a")).toEqual(
    succeeded("Created organization: team-a\n"),
  );
  expect((await asAdministrator("create", "secret", "slack", "secret.json")).status).toBe(0);
});

test("tables and describe show them, and who uses whom", async () => {
  expect((await asAdministrator("iam", "get", "policies", "-o", "name")).stdout).toBe("ci-writes\n");
  expect((await asAdministrator("iam", "get", "policies", "--wide")).stdout).toMatch(/"subjects": \[ *\n/);
  expect((await asAdministrator("iam", "get", "serviceaccounts")).stdout).toMatch(
    /NAME.*CREATED DATE.*\n-+\n {2}ci +\|/,
  );
  expect((await asAdministrator("iam", "get", "organizations", "-o", "name")).stdout).toBe("team-a\n");
  expect((await asAdministrator("describe", "policy", "ci-writes")).stdout).toContain(
    "Rules:           ci may get, create function, secret\n",
  );
  expect((await asAdministrator("describe", "service-account", "ci")).stdout).toContain(
    "Used by:         Policy ci-writes\n",
  );
  expect((await asAdministrator("describe", "organization", "team-a")).stdout).toContain(
    "Kind:            Organization\n",
  );
});

describe("the account", () => {
  const credential = ["--service-account", "ci", "--jwt-private-key", "ci.pem"];

  test("does what its policy allows, and hears what it may not", async () => {
    expect(await asStranger("get", "functions", "-o", "json", ...credential)).toEqual(succeeded("[]\n"));
    const secret = await asStranger("get", "secret", "slack", "-o", "json", ...credential);
    expect(secret.stdout).not.toContain("hunter2");
    const refused = await asStranger("delete", "secret", "slack", ...credential);
    expect(refused).toMatchObject({ status: 1, stdout: "", stderr: expect.stringMatching(/^\[Code: 403\] .+\n$/) });
  });

  test("does not edit a secret whose values it may not see", async () => {
    const { status, stderr } = await asStranger("edit", "secret", "slack", ...credential);
    expect({ status, stderr: stderr.slice(0, 49) }).toEqual({
      status: 1,
      stderr: "the values of secret slack are not shown to you, ",
    });
  });

  test("logs in once, is known from any folder, and logs out", async () => {
    expect(await asStranger("login", ...credential)).toEqual(succeeded("You have successfully logged in\n"));
    const path = join(folder, "home/.dispatch/config.json");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await mkdir(join(folder, "elsewhere"));
    const words = ["get", "functions", "-o", "json"];
    const environment = { HOME: join(folder, "home") };
    expect(await runCommand(words, { cwd: join(folder, "elsewhere"), environment })).toEqual(succeeded("[]\n"));
    expect(await asStranger("logout")).toEqual(succeeded("You have successfully logged out\n"));
    expect(await readFile(path, "utf8")).not.toContain("ci.pem");
  });

  test("is refused with another key, with a hint", async () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    await writeFiles(folder, { "other.pem": pem });
    const words = ["--service-account", "ci", "--jwt-private-key", "other.pem"];
    const login = await asStranger("login", ...words);
    expect(login).toMatchObject({ status: 1, stderr: expect.stringMatching(/^error logging in: unable to validate/) });
    const { stderr } = await asStranger("get", "functions", ...words);
    expect(stderr).toMatch(/^\[Code: 401\] .*\nThe service account ci was refused: compare its key/);
  });

  test("with a token that has expired is told so", async () => {
    const { status, stderr } = await run(["get", "functions"], { DISPATCH_TOKEN: expiredToken() });
    expect(status).toBe(1);
    expect(stderr).toMatch(/it has expired \(exp\)\nThe token was refused .*: dispatch login --token-stdin\n$/);
  });
});

function expiredToken(): string {
  const now = Math.floor(Date.now() / 1000);
  const parts = [{ alg: "RS256" }, { iss: "dispatch-server/ci", iat: now - 7200, exp: now - 3600 }];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${text}.${createSign("RSA-SHA256").update(text).sign(keys.privateKey, "base64url")}`;
}

test("what was created is edited, applied from files and deleted again", async () => {
  const wider = await run(["edit", "policy", "ci-writes"], {
    DISPATCH_DATA_DIR: server.dataDir,
    EDITOR: "sed -i s/create/delete/",
  });
  expect(wider).toEqual(succeeded("Updated Policy: ci-writes\n"));
  await writeFiles(folder, {
    "policy.yaml":
      "kind: Policy\nname: ci-writes\nrules:\n- subjects: [ci]\n  actions: [get, delete]\n  resources: [function, secret]\n",
  });
  expect(await asAdministrator("diff", "-f", "policy.yaml")).toEqual(succeeded(""));
  expect(await asAdministrator("delete", "-f", "policy.yaml")).toEqual(succeeded("Deleted Policy: ci-writes\n"));
  expect(await asAdministrator("iam", "delete", "serviceaccount", "ci")).toEqual(
    succeeded("Deleted ServiceAccount: ci\n"),
  );
  expect(await asAdministrator("iam", "delete", "organization", "team-a")).toEqual(
    succeeded("Deleted Organization: team-a\n"),
  );
});

test("version tells both sides", async () => {
  expect((await asStranger("version")).stdout).toMatch(/^Client: v(\S+)\nServer: v\1\n$/);
  const both = JSON.parse((await asStranger("version", "--json")).stdout) as Record<"client" | "server", object>;
  expect(both.server).toMatchObject(both.client);
});
