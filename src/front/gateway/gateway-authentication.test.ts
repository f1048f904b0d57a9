import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Principal } from "../../core/shared/principal.ts";
import { formType, jsonType, post, raw, type Setup, start } from "./gateway.fixture.ts";

describe("basic authentication", () => {
  const basic: Setup = {
    endpoint: { authentication: "basic", authenticationSecret: "door" },
    secrets: { door: { username: "ada", password: "pw" } },
  };
  const credentials = (pair: string) => ({ ...jsonType, Authorization: `Basic ${btoa(pair)}` });

  test("lets in who has the password, and keeps it from the function", async () => {
    const { url, runs } = await start(basic);
    expect((await post(url, "{}", credentials("ada:pw"))).status).toBe(200);
    expect(runs[0]?.httpContext).not.toContain("authorization");
  });

  test("asks everybody else for one", async () => {
    const { url, runs } = await start(basic);
    for (const headers of [credentials("ada:px"), jsonType]) {
      const answer = await post(url, "{}", headers);
      expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([
        401,
        'Basic realm="dispatch", charset="UTF-8"',
      ]);
    }
    expect(runs).toEqual([]);
  });

  test("without its secret stays closed, and the log says why", async () => {
    const { url, errors } = await start({ ...basic, secrets: {} });
    const answer = await post(url, "{}", credentials("ada:pw"));
    expect([answer.status, await answer.text()]).toEqual([503, '{"message":"authentication is not configured"}\n']);
    expect(errors).toEqual([
      "endpoint cloudmaster: basic authentication is not configured: secret door: secret door not found",
    ]);
  });
});

describe("token authentication", () => {
  const account = (organization: string): Principal => ({
    kind: "service-account",
    id: "ci",
    organization,
    via: "rest",
  });
  const token: Setup = {
    endpoint: { authentication: "token" },
    tokens: { home: account("dispatch-server"), stranger: account("other") },
  };

  test.each([
    ["Bearer home", 200],
    ["Bearer stranger", 403],
    ["Bearer nobody", 401],
    ["Basic home", 401],
  ])("answers %s with %i", async (Authorization, status) => {
    const { url, runs } = await start(token);
    expect((await post(url, "{}", { ...jsonType, Authorization })).status).toBe(status);
    expect(runs).toHaveLength(status === 200 ? 1 : 0);
  });
});

describe("guessing", () => {
  const secrets = { door: { username: "ada", password: "pw" } };

  test.each([
    ["a password", { endpoint: { authentication: "basic", authenticationSecret: "door" }, secrets }, "Basic"],
    ["a token", { endpoint: { authentication: "token" } }, "Bearer"],
  ] as const)("%s is slowed after five tries, and told in the log", async (_what, setup, scheme) => {
    const { url, runs, warnings } = await start(setup);
    const since = performance.now();
    const tries = Array.from({ length: 10 }, async (_, at) => {
      const { status } = await post(url, "{}", { ...jsonType, Authorization: `${scheme} ${btoa(`ada:${at}`)}` });
      return [status, performance.now() - since > 900];
    });
    const answers = await Promise.all(tries);
    expect(answers.filter(([status]) => status !== 401)).toEqual([]);
    expect(answers.filter(([, late]) => late).length).toBeGreaterThanOrEqual(5);
    expect(warnings).toEqual([expect.stringContaining("10 wrong credentials at endpoint dispatch-server/cloudmaster")]);
    expect(runs).toEqual([]);
  });
});

describe("Slack authentication", () => {
  const slack: Setup = { endpoint: { authentication: "slack" }, secrets: { slack: { signingSecret: "s" } } };
  const command = "team_id=T1&trigger_id=9.8.7&text=list";

  function signed(body: string, secret = "s"): Record<string, string> {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const digest = createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex");
    return { ...formType, "X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": `v0=${digest}` };
  }

  test("runs a signed command, without its signature, under a key that makes a second Enter the same run", async () => {
    const { url, runs } = await start(slack);
    const answer = await post(url, command, signed(command));
    expect([answer.status, await answer.json()]).toEqual([200, { team_id: "T1", trigger_id: "9.8.7", text: "list" }]);
    expect(runs[0]?.idempotency?.key).toBe("slack:T1:9.8.7");
    expect(runs[0]?.httpContext).not.toContain("x-slack-");
  });

  test("accepts the secret of before during a rotation", async () => {
    const secrets = { slack: { signingSecret: "new", previousSigningSecret: "s" } };
    const { url } = await start({ ...slack, secrets });
    expect((await post(url, command, signed(command))).status).toBe(200);
  });

  test.each([
    ["an unsigned command", command, formType],
    ["a command signed by somebody else", command, signed(command, "t")],
    ["another command under the same signature", `${command}x`, signed(command)],
  ])("refuses %s", async (_, body, headers) => {
    const { url, runs } = await start(slack);
    expect((await post(url, body, headers)).status).toBe(401);
    expect(runs).toEqual([]);
  });

  test("refuses the very same request a second time", async () => {
    const { url, runs } = await start(slack);
    const headers = signed(command);
    expect((await post(url, command, headers)).status).toBe(200);
    const again = await post(url, command, headers);
    expect([again.status, await again.text()]).toEqual([401, expect.stringContaining("received before")]);
    expect(runs).toHaveLength(1);
  });

  test("gives the function nothing of what no signature covers", async () => {
    const { url, runs } = await start(slack);
    const answer = await post(`${url}?text=delete&user_id=U0`, command, {
      ...signed(command),
      "Idempotency-Key": "mine",
    });
    expect(await answer.json()).toEqual({ team_id: "T1", trigger_id: "9.8.7", text: "list" });
    expect(runs[0]?.idempotency?.key).toBe("slack:T1:9.8.7");
  });

  test("asks for the signature before it looks into anything longer than a certificate check", async () => {
    const { url, runs } = await start(slack);
    const answer = await post(url, `ssl_check=1&token=${"x".repeat(1024)}`, formType);
    expect([answer.status, runs]).toEqual([401, []]);
  });

  test("answers Slack's certificate check, by GET and by unsigned POST, with an empty 200 and no run", async () => {
    const { url, runs } = await start(slack);
    for (const answer of [await fetch(`${url}?ssl_check=1`), await post(url, "ssl_check=1&token=x", formType)])
      expect([answer.status, await answer.text()]).toEqual([200, ""]);
    expect((await post(url, "ssl_check=2", formType)).status).toBe(401);
    expect((await fetch(`${url}?ssl_check=2`)).status).toBe(404);
    expect(runs).toEqual([]);
  });

  test("stays closed without its secret", async () => {
    const { url, errors } = await start({ ...slack, secrets: {} });
    expect((await post(url, command, signed(command, ""))).status).toBe(503);
    expect(errors[0]).toContain("secret slack not found");
  });
});

describe("Slack authentication without a signing secret", () => {
  const secrets = { slack: { statusUrl: "https://hooks.slack.com/services/x", signingSecret: "" } };
  const unsigned: Setup = { endpoint: { authentication: "slack" }, secrets };
  const command = "team_id=T1&trigger_id=9.8.7&text=list";

  test("takes an unsigned command of this very machine", async () => {
    const { url, runs } = await start(unsigned);
    expect((await post(url, command, formType)).status).toBe(200);
    expect((await post(url.replace("127.0.0.1", "localhost"), command, formType)).status).toBe(200);
    expect(runs).toHaveLength(2);
  });

  test.each([
    ["a public name in Host, as a tunnel keeps it", { Host: "dispatch.example.com" }],
    ["a name that only begins like the loopback", { Host: "127.0.0.1.example.com" }],
    ["an address of the neighbourhood in Host", { Host: "192.0.2.7:8081" }],
    ["an empty Host", { Host: "" }],
    ["X-Forwarded-For", { "X-Forwarded-For": "127.0.0.1" }],
    ["X-Forwarded-Host", { "X-Forwarded-Host": "localhost" }],
    ["X-Forwarded-Proto", { "X-Forwarded-Proto": "https" }],
    ["Forwarded", { Forwarded: "for=127.0.0.1" }],
    ["Via", { Via: "1.1 proxy" }],
    ["a page of another site", { Origin: "https://evil.example" }],
  ])("refuses one with %s, and names the missing key", async (_what, headers) => {
    const { port, runs } = await start(unsigned);
    const all = {
      Host: `127.0.0.1:${port}`,
      ...formType,
      "Content-Length": command.length,
      Connection: "close",
      ...headers,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    const answer = await raw(port, `POST /dispatch-server/cloudmaster HTTP/1.1\r\n${lines.join("")}\r\n${command}`);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).toContain("its secret has no `signingSecret`");
    expect(runs).toEqual([]);
  });
});
