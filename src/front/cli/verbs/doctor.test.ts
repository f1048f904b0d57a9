import { chmodSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { generate } from "selfsigned";
import { describe, expect, onTestFinished, test } from "vitest";
import { version } from "../../../version.ts";
import { type Answering, call, recordedServer, temporaryFolder } from "../cli.fixture.ts";
import type { Finding } from "./doctor/finding.ts";

const healthy = {
  version: { version: `v${version}` },
  functions: { ready: true, problems: [], warnings: [], limits: { memory: "cgroup v1", network: "isolated" } },
};

const nodejs = { name: "nodejs-base", language: "nodejs", status: "READY", reason: null };

function answering(health: object, images: readonly object[] = [nodejs], apis: readonly object[] = []): Answering {
  return ({ url }) => {
    if (url === "/healthz") return { status: 200, body: health };
    if (url === "/v1/baseimage") return { status: 200, body: images };
    if (url === "/v1/api") return { status: 200, body: apis };
    return url === "/home" ? { status: 200, body: {} } : { status: 404, body: { code: 404, message: "no" } };
  };
}

/** A context that names the server, the gateway (the same one), and a data folder that only its owner can read. */
async function machine(answer: Answering, contexts: Readonly<Record<string, unknown>> = {}) {
  const { port } = await recordedServer(answer);
  const solo = {
    host: "127.0.0.1",
    port,
    scheme: "http",
    organization: "o",
    cookie: "c",
    "api-http-port": port,
    ...contexts,
  };
  const HOME = temporaryFolder({
    ".dispatch/config.json": JSON.stringify({ current: "solo", contexts: { solo } }),
    "data/admin-token": "t",
  });
  chmodSync(join(HOME, ".dispatch/config.json"), 0o600);
  chmodSync(join(HOME, "data/admin-token"), 0o600);
  return { HOME, env: { HOME, DISPATCH_DATA_DIR: join(HOME, "data") } };
}

async function findings(env: Readonly<Record<string, string>>) {
  const { status, stdout } = await call(["doctor", "-o", "json"], { env });
  return { status, found: JSON.parse(stdout) as Finding[] };
}

describe("doctor", () => {
  test("says in aligned lines that all is well", async () => {
    const { HOME, env } = await machine(answering(healthy));
    const { status, stdout, stderr } = await call(["doctor"], { env });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(
      stdout
        .replaceAll(HOME, "HOME")
        .replaceAll(/:\d+ /g, ":PORT ")
        .replace(/\d+ (G|M)iB/, "N GiB"),
    ).toBe(
      `ok       configuration  HOME/.dispatch/config.json, context solo
ok       server         http://127.0.0.1:PORT answers, version v${version}
ok       clock          the same as the server's
ok       credential     accepted, organization o
ok       sandbox        a worker starts, with limits for memory (cgroup v1)
ok       network        functions have the network isolated
ok       languages      nodejs
ok       gateway        http://127.0.0.1:PORT answers
ok       data folder    HOME/data has N GiB free

All is well.
`,
    );
  });

  test("names the endpoint that cannot tell Slack from strangers", async () => {
    const reason = ["shadows API echo", "secret slack has no `signingSecret`: only this machine may call"];
    const { env } = await machine(answering(healthy, [nodejs], [{ name: "cloudmaster", status: "READY", reason }]));
    const { status, found } = await findings(env);
    expect([status, found.filter(({ state }) => state !== "ok")]).toEqual([
      0,
      [{ check: "endpoints", state: "warning", message: `cloudmaster: ${reason[1]}` }],
    ]);
  });

  test("exits with 1 and the server's own words when functions cannot run", async () => {
    const problem = "Functions run in a sandbox made of bwrap, not installed here. Run `apt-get install bubblewrap`.";
    const { env } = await machine(
      answering({ ...healthy, functions: { ready: false, problems: [problem], warnings: ["no cgroups"] } }),
    );
    const { status, found } = await findings(env);
    expect(status).toBe(1);
    expect(found).toContainEqual({ check: "sandbox", state: "broken", message: problem });
    expect(found).toContainEqual({ check: "sandbox", state: "warning", message: "no cgroups" });
  });

  test("names languages that are missing, and another version", async () => {
    const java = {
      name: "java-base",
      language: "java",
      status: "ERROR",
      reason: ["Java was not found: apt-get install jre"],
    };
    const { env } = await machine(answering({ ...healthy, version: { version: "v0.0.1" } }, [nodejs, java]));
    const { status, found } = await findings(env);
    expect(status).toBe(0);
    expect(found.filter(({ state }) => state === "warning")).toMatchObject([
      { check: "server", message: expect.stringContaining("version v0.0.1; this program is v") },
      { check: "languages", message: "base image java-base: Java was not found: apt-get install jre" },
    ]);
    const empty = await machine(answering(healthy, []));
    expect((await findings(empty.env)).found).toContainEqual(
      expect.objectContaining({ check: "languages", remedy: "dispatch create seed-images" }),
    );
  });

  test("finds files that others can read", async () => {
    const { HOME, env } = await machine(answering(healthy));
    chmodSync(join(HOME, ".dispatch/config.json"), 0o644);
    chmodSync(join(HOME, "data/admin-token"), 0o640);
    const { status, found } = await findings(env);
    expect(status).toBe(1);
    expect(found.filter(({ state }) => state !== "ok")).toMatchObject([
      { check: "configuration", state: "warning", remedy: `chmod 600 ${HOME}/.dispatch/config.json` },
      { check: "data folder", state: "broken", remedy: `chmod 600 ${HOME}/data/admin-token` },
    ]);
  });

  test("says what to do when nothing answers, another program does, or the credential is refused", async () => {
    const { env } = await machine(answering(healthy), { port: 1 });
    expect((await findings(env)).found).toContainEqual(
      expect.objectContaining({ check: "server", state: "broken", message: expect.stringContaining("ECONNREFUSED") }),
    );
    const page = await machine(() => ({ status: 200, body: "<html>" }));
    expect((await findings(page.env)).found).toContainEqual(
      expect.objectContaining({ check: "server", message: expect.stringMatching(/^another program answers at/) }),
    );
    const guarded = await machine(({ url }) =>
      url === "/healthz"
        ? { status: 200, body: healthy }
        : { status: 401, body: { code: 401, message: "who are you" } },
    );
    expect(await findings(guarded.env)).toMatchObject({
      status: 1,
      found: expect.arrayContaining([
        expect.objectContaining({ check: "credential", state: "broken", message: "refused: who are you" }),
      ]),
    });
  });

  test("compares the clocks, which tokens of service accounts depend on", async () => {
    const { env } = await machine(answering(healthy));
    const words = ["doctor", "-o", "json"];
    const found = async (secondsAhead: number) => {
      const { stdout } = await call(words, { env, now: () => Date.now() + secondsAhead * 1000 });
      return (JSON.parse(stdout) as Finding[]).find(({ check }) => check === "clock");
    };
    expect(await found(-30)).toMatchObject({ state: "warning", message: expect.stringMatching(/^(29|30|31) s apart/) });
    expect(await found(0)).toMatchObject({ state: "ok" });
  });

  test.each([
    [
      90,
      {},
      "broken",
      /^not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\): of Test, valid until \d{4}-\d\d-\d\d \((89|90) days\)$/,
    ],
    [90, { insecure: true }, "ok", /^not checked \(--insecure\): /],
    [5, { insecure: true }, "warning", /^ends soon: /],
    [-1, { insecure: true }, "broken", /^expired: /],
  ])("judges a certificate that ends in %i days, with %j", async (days, context, state, message) => {
    const { env } = await machine(answering(healthy), { scheme: "https", port: await httpsPort(days), ...context });
    const certificate = (await findings(env)).found.find(({ check }) => check === "certificate");
    expect(certificate).toMatchObject({ state, message: expect.stringMatching(message) });
  });
});

async function httpsPort(days: number): Promise<number> {
  const notAfterDate = new Date(Date.now() + days * 86_400_000);
  const notBeforeDate = new Date(Date.now() - 30 * 86_400_000);
  const pem = await generate([{ name: "organizationName", value: "Test" }], { notBeforeDate, notAfterDate });
  const server = createServer({ key: pem.private, cert: pem.cert }, (_request, response) =>
    response.end(JSON.stringify(healthy)),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}
