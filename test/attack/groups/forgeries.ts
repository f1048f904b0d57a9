/** Somebody who pretends: to be Slack, an account, a run that goes on, another caller, another host, or the guest. */
import { createHmac } from "node:crypto";
import { keyPair, signedToken } from "../../e2e/iam/accounts.ts";
import { parse } from "../../e2e/support/dispatch.ts";
import { send } from "../../e2e/support/http.ts";
import { FORGER } from "../../escapes/hostile.ts";
import { attacksOf, judge, nothingOf } from "../attack.ts";
import { GUARDED_ORGANIZATION, type Target } from "../target.ts";

const ECHO = "module.exports = (context, payload) => ({ echo: payload });";
const SECRET = "a-signing-secret";
const form = { "content-type": "application/x-www-form-urlencoded" };

function signed(body: string, { secret = SECRET, age = 0 } = {}): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000) - age);
  const digest = createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex");
  return { ...form, "X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": `v0=${digest}` };
}

async function slackEndpoint(target: Target): Promise<string> {
  const secret = target.name("slack");
  await target.admin.post("/v1/secret", { name: secret, secrets: { signingSecret: SECRET } });
  const name = await target.deploy("nodejs", ECHO);
  return target.publish(name, { authentication: "slack", authenticationSecret: secret });
}

const slack = attacksOf("forgeries", {
  "send slash commands that Slack has not signed": async (target) => {
    const path = await slackEndpoint(target);
    const body = "team_id=T1&trigger_id=1.2.3&text=delete+everything";
    const forged: Record<string, Record<string, string>> = {
      unsigned: form,
      "signed by somebody else": signed(body, { secret: "guessed" }),
      "signed with nothing": signed(body, { secret: "" }),
      "signed for another body": signed(`${body}x`),
      "signed an hour ago": signed(body, { age: 3600 }),
      "signed for later": signed(body, { age: -3600 }),
      "with a cut signature": { ...signed(body), "X-Slack-Signature": "v0=" },
    };
    const entered: string[] = [];
    for (const [how, headers] of Object.entries(forged))
      if ((await target.knock(path, { headers, body })).status !== 401) entered.push(how);
    return nothingOf(entered, `${Object.keys(forged).length} forgeries are 401`);
  },

  "replay a signed command, before and after a restart": async (target) => {
    const path = await slackEndpoint(target);
    const body = "team_id=T1&trigger_id=4.5.6&text=create";
    const headers = signed(body);
    const first = (await target.knock(path, { headers, body })).status;
    const again = (await target.knock(path, { headers, body })).status;
    await target.restart();
    const later = (await target.knock(path, { headers, body })).status;
    return judge(first === 200 && again === 401 && later === 401, `${first}, then ${again}, after a restart ${later}`);
  },

  "smuggle what no signature covers into a command": async (target) => {
    const path = await slackEndpoint(target);
    const body = "team_id=T1&trigger_id=7.8.9&text=list";
    const headers = { ...signed(body), "idempotency-key": "mine" };
    const { status, text } = await target.knock(`${path}?text=delete&user_id=U0`, { headers, body });
    const second = await target.knock(path, {
      headers: { ...signed(body, { age: 1 }), "idempotency-key": "other" },
      body,
    });
    const held = status === 200 && !/delete|U0/.test(text) && second.text === text;
    return judge(held, held ? "query and key are ignored" : `${text} ${second.text}`);
  },
});

const tokens = attacksOf("forgeries", {
  "sign in with forged tokens": async (target) => {
    const { server, admin } = await target.guarded();
    const account = `${GUARDED_ORGANIZATION}/victim`;
    const keys = keyPair();
    await admin.post("/v1/iam/serviceaccount", { name: "victim", publicKey: keys.publicKey });
    const now = Math.floor(Date.now() / 1000);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = part({ iss: account, iat: now - 60, exp: now + 3600 });
    const pem = Buffer.from(keys.publicKey, "base64").toString();
    const hmac = (head: string) => createHmac("sha256", pem).update(`${head}.${claims}`).digest("base64url");
    const confused = part({ alg: "HS256", typ: "JWT" });
    const real = signedToken(account, keys);
    const forged: Record<string, string> = {
      "alg none": `${part({ alg: "none" })}.${claims}.`,
      "HS256 with the public key": `${confused}.${claims}.${hmac(confused)}`,
      "another key": signedToken(account, keyPair()),
      expired: signedToken(account, keys, { iat: now - 7200, exp: now - 3600 }),
      "for another audience": signedToken(account, keys, { aud: "somebody else" }),
      "of another organization": signedToken("team-b/victim", keys),
      "as the administrator": signedToken("administrator", keys),
      "without a signature": real.slice(0, real.lastIndexOf(".") + 1),
      "with a key of its own": `${part({ alg: "RS256", jwk: { kty: "RSA" } })}.${claims}.AA`,
      "the administrator's, guessed": "administrator",
    };
    const entered: string[] = [];
    for (const [how, token] of Object.entries(forged)) {
      const headers = { authorization: `Bearer ${token}`, "x-dispatch-org": GUARDED_ORGANIZATION };
      if ((await send(`${server.api}/v1/iam/serviceaccount`, { headers })).status !== 401) entered.push(how);
    }
    return nothingOf(entered, `${Object.keys(forged).length} forgeries are 401`);
  },

  "use the token of a run that has ended": async (target) => {
    // In one piece no answer has it.
    const pieces = await target.outputOf("nodejs", "module.exports = ({ dispatch }) => dispatch.token.split('.');");
    const token = (pieces as string[]).join(".");
    const source = `module.exports = async ({ dispatch }, token) => {
      const headers = { cookie: "cookie", authorization: "Bearer " + token, "x-dispatch-org": dispatch.organization };
      return (await fetch(dispatch.url + "/v1/runs", { headers })).status;
    };`;
    const status = await target.outputOf("nodejs", source, token);
    const { server } = await target.guarded();
    const outside = await send(`${server.api}/v1/runs`, { headers: { authorization: `Bearer ${token}` } });
    return judge(status === 401 && outside.status === 401, `door ${status}, API ${outside.status}`);
  },
});

const callers = attacksOf("forgeries", {
  "get others' answers by their Idempotency-Key": async (target) => {
    const source = "module.exports = (context, payload) => ({ answer: Math.random() });";
    const name = await target.deploy("nodejs", source);
    const paths = [await target.publish(name), await target.publish(name)];
    const key = { "idempotency-key": "shared", "content-type": "application/json" };
    const own = await target.admin.post(`/v1/runs?functionName=${name}`, { blocking: true, input: 1 }, key);
    const victim = parse<{ output: { answer: number } }>(own).output.answer;
    const others = await Promise.all(paths.map((path) => target.knock(path, { headers: key, body: "1" })));
    const neighbour = await target.knock(paths[0] ?? "", {
      headers: { ...key, "x-forwarded-for": "192.0.2.9" },
      body: "1",
    });
    const changed = await target.knock(paths[0] ?? "", { headers: key, body: "2" });
    const answers = [String(victim), ...[...others, neighbour].map(({ text }) => /[\d.]{5,}/.exec(text)?.[0] ?? text)];
    const held = new Set(answers).size === answers.length && changed.status === 422;
    return judge(held, held ? "each caller has its own; another input is 422" : answers);
  },

  "take another organization's endpoint by its host name": async (target) => {
    const mine = await target.deploy("nodejs", 'module.exports = () => "the owner";');
    const path = (await target.publish(mine)).replace(/^\/[^/]+/, "");
    const thief = target.as("team-b");
    await thief.createImage("nodejs");
    await thief.createFunction("thief", { "f.js": 'module.exports = () => "the thief";' });
    const claims = ["chat.example.com", "CHAT.example.com.", "127.0.0.1", "localhost", "*"].map((host) =>
      thief.post("/v1/api", {
        ...{ name: target.name("claim"), function: "thief", uris: [path], hosts: [host], enabled: true },
        ...{ methods: ["POST"], protocols: ["http"], authentication: "public" },
      }),
    );
    const accepted = (await Promise.all(claims)).filter(({ status }) => status < 300).length;
    const hosts = ["chat.example.com", "chat.example.com.", "CHAT.EXAMPLE.COM:80", "localhost", "127.0.0.1"];
    const answers = await Promise.all(hosts.map((host) => target.knock(path, { headers: { host }, body: "" })));
    const stolen = answers.filter(({ text }) => text.includes("the thief"));
    return judge(
      stolen.length === 0,
      stolen.length === 0
        ? `${accepted} of ${claims.length} claims accepted, no request led there`
        : "the thief answers",
    );
  },

  "reach the API through a page of another site": async (target) => {
    const { api } = target.server;
    const paths = ["/metrics", "/v1/secret", "/v1/runs", "/healthz", "/", "/docs", "/openapi.json", "/v1/version"];
    const headers = [{ host: "evil.example" }, { origin: "https://evil.example" }, { origin: "http://localhost:3000" }];
    const entered: string[] = [];
    for (const path of paths)
      for (const header of headers) {
        const { status } = await send(`${api}${path}`, { headers: { cookie: "cookie", ...header } });
        if (status < 400) entered.push(`${path} ${JSON.stringify(header)}`);
      }
    return nothingOf(entered, `${paths.length * headers.length} requests refused`);
  },

  "guess a password quickly": async (target) => {
    const secret = target.name("basic");
    await target.admin.post("/v1/secret", { name: secret, secrets: { user: "right" } });
    const name = await target.deploy("nodejs", ECHO);
    const path = await target.publish(name, { authentication: "basic", authenticationSecret: secret });
    let looked = 0;
    const guess = async (at: number) => {
      const authorization = `Basic ${Buffer.from(`user:${at}`).toString("base64")}`;
      if ((await target.knock(path, { headers: { authorization }, body: "" })).status === 401) looked++;
    };
    void Promise.allSettled(Array.from({ length: 300 }, (_, at) => guess(at)));
    await new Promise((resolve) => setTimeout(resolve, 3000));
    return judge(looked < 60, `${looked} of 300 guesses looked at within 3 s`);
  },
});

const [RESULT, LATE] = [18, 21];

const frames = attacksOf("forgeries", {
  "answer for other runs, and silence their logs": async (target) => {
    const source = FORGER.replace('return "done"', 'console.log("said"); return "done"');
    const name = await target.deploy("nodejs", source, { limits: { concurrency: 1 } });
    const wrong: string[] = [];
    for (const forged of [
      { frames: [[RESULT, 2, '"forged"']] },
      { frames: [[RESULT, 1, '"early"']] },
      { markers: [2] },
      { markers: [1] },
      { frames: [[LATE, 0, "nope"]] },
      { frames: [[99, 1]] },
    ]) {
      await target.admin.run(name, forged);
      const { output, logs } = await target.admin.run(name, {});
      if (output !== "done" || logs?.stdout?.[0] !== "said") wrong.push(JSON.stringify([forged, output, logs]));
    }
    return nothingOf(wrong, "the next run has its own answer and its own log");
  },

  "go on after an early result": async (target) => {
    const name = await target.deploy("nodejs", FORGER, { limits: { concurrency: 1 }, timeout: 1000 });
    await target.admin.run(name, { frames: [[RESULT, 1, '"early"']], after: "loop" });
    const begun = performance.now();
    const { output } = await target.admin.run(name, {});
    const seconds = (performance.now() - begun) / 1000;
    return judge(output === "done" && seconds < 20, `the next run ends after ${seconds.toFixed(1)} s`);
  },
});

export const forgeries = [...slack, ...tokens, ...callers, ...frames];
