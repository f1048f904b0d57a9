/** Accounts and functions that want more than somebody allowed them. */
import { functionBody } from "../../e2e/support/dispatch.ts";
import { attacksOf, judge, nothingOf } from "../attack.ts";
import { type GuardedServer, type Target, within } from "../target.ts";

const CLEAR = "OpenSesame-of-the-organization";

const echo = { "f.js": "module.exports = ({ secrets }, payload) => ({ secrets, payload });" };

/** Asks the door as its payload says; with the run's token, with a cookie, or with nothing. */
const caller = {
  "f.js": `module.exports = async ({ dispatch }, { method = "POST", path, body, show = "token" }) => {
  const headers = { "x-dispatch-org": dispatch.organization, "content-type": "application/json" };
  if (show === "token") headers.authorization = "Bearer " + dispatch.token;
  if (show === "cookie") headers.cookie = "cookie";
  const answer = await fetch(dispatch.url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  return { status: answer.status, text: await answer.text() };
};`,
};

const stealing = { blocking: true, input: 1, secrets: ["door"] };
const api = { function: "echo", uris: ["/stolen"], methods: ["POST"], protocols: ["http"], enabled: true };

const prepared = new WeakMap<GuardedServer, Promise<GuardedServer>>();

/** The guarded server with a secret and a function of the administrator's. */
async function prepare(target: Target): Promise<GuardedServer> {
  const guarded = await target.guarded();
  const make = async () => {
    await guarded.admin.post("/v1/secret", { name: "door", secrets: { password: CLEAR } });
    await guarded.admin.createFunction("echo", echo);
    await guarded.admin.createFunction("caller", caller);
    return guarded;
  };
  const making = prepared.get(guarded) ?? make();
  prepared.set(guarded, making);
  return making;
}

export const rights = attacksOf("rights", {
  "read secrets with function and runs alone": async (target) => {
    const { account } = await prepare(target);
    const thief = await account("thief", { function: ["*"], runs: ["*"] });
    await thief.createFunction("thiefs", caller);
    const tries: string[] = [
      (await thief.get("/v1/secret/door")).text,
      JSON.stringify(await thief.run("echo", 1, { secrets: ["door"] })),
    ];
    for (const name of ["thiefs", "caller"])
      for (const show of ["token", "cookie"])
        tries.push(JSON.stringify(await thief.run(name, { path: "/v1/runs?functionName=echo", body: stealing, show })));
    tries.push((await thief.post("/v1/function", functionBody("own", echo, { secrets: ["door"] }))).text);
    tries.push(
      (
        await thief.post("/v1/event/subscriptions", {
          name: "own",
          eventType: "a.b",
          function: "echo",
          secrets: ["door"],
        })
      ).text,
    );
    return nothingOf(
      tries.filter((text) => text.includes(CLEAR) || text.includes('"status":"INITIALIZED"')),
      `${tries.length} ways refused`,
    );
  },

  "read secrets through a function that the administrator calls": async (target) => {
    const { account, admin } = await prepare(target);
    const author = await account("author", { function: ["*"] });
    await author.createFunction("bait", caller);
    const run = await admin.run("bait", { path: "/v1/runs?functionName=echo", body: stealing });
    return judge(!JSON.stringify(run).includes(CLEAR), JSON.stringify(run.output));
  },

  "run functions with the right to write endpoints or events alone": async (target) => {
    const { account } = await prepare(target);
    const builder = await account("builder", { api: ["*"] });
    const sender = await account("sender", { event: ["*"] });
    const answers = {
      "an endpoint": await builder.post("/v1/api", { name: "stolen", ...api, authentication: "public" }),
      "a subscription": await sender.post("/v1/event/subscriptions", {
        name: "stolen",
        eventType: "a.b",
        function: "echo",
      }),
      "a run": await builder.post("/v1/runs?functionName=echo", { blocking: true }),
    };
    const entered = Object.entries(answers).filter(([, { status }]) => status !== 403);
    return nothingOf(
      entered.map(([what]) => what),
      "endpoints, subscriptions and runs are 403",
    );
  },

  "put a secret into an endpoint without the right to use it": async (target) => {
    const { account } = await prepare(target);
    const builder = await account("maker", { api: ["*"], runs: ["*"], event: ["*"] });
    const answers = await Promise.all(
      ["basic", "slack"].map((authentication) =>
        builder.post("/v1/api", {
          name: `guarded-${authentication}`,
          ...api,
          authentication,
          authenticationSecret: "door",
        }),
      ),
    );
    return judge(
      answers.every(({ status }) => status === 403),
      answers.map(({ status }) => status),
    );
  },

  "be the administrator at the function door": async (target) => {
    const { admin } = await prepare(target);
    const requests = [
      ...["/v1/secret", "/v1/secret/door", "/v1/function", "/v1/iam/policy", "/v1/audit", "/metrics"].map((path) => ({
        method: "GET",
        path,
      })),
      { method: "DELETE", path: "/v1/function/echo" },
      { method: "POST", path: "/v1/secret", body: { name: "planted" } },
    ];
    const entered: string[] = [];
    for (const request of requests)
      for (const show of ["token", "cookie", "nothing"]) {
        const { output } = await admin.run("caller", { ...request, show });
        if ((output as { status: number }).status < 400) entered.push(`${request.method} ${request.path} with ${show}`);
      }
    return nothingOf(entered, `${requests.length * 3} requests refused`);
  },

  "read others' runs at the door": async (target) => {
    const { admin } = await prepare(target);
    const { name } = await admin.run("echo", "not for you");
    const looks = [
      { method: "GET", path: "/v1/runs", show: "cookie" },
      { method: "GET", path: "/v1/runs", show: "nothing" },
      { method: "GET", path: "/v1/runs", show: "token" },
      { method: "GET", path: `/v1/runs/${name}`, show: "token" },
    ];
    const seen: string[] = [];
    for (const look of looks) {
      const text = JSON.stringify((await admin.run("caller", look)).output);
      if (text.includes("not for you")) seen.push(`${look.path} with ${look.show}`);
    }
    return nothingOf(seen, "a run sees itself and what it started");
  },

  "work in another organization": async (target) => {
    const { account, server } = await prepare(target);
    const stranger = await account("stranger", {
      secret: ["*"],
      function: ["*"],
      runs: ["*"],
      iam: ["*"],
      audit: ["*"],
    });
    const headers = { ...stranger.headers, "x-dispatch-org": "team-b" };
    const paths = ["/v1/secret", "/v1/function", "/v1/runs", "/v1/iam/policy", "/metrics", "/v1/audit"];
    const answers = await Promise.all(paths.map((path) => stranger.raw(path, { headers })));
    const entered = paths.filter((_, at) => (answers[at]?.status ?? 200) < 400);
    const outside = await stranger.raw("/v1/secret", { headers: { cookie: "cookie", "x-dispatch-org": "team-a" } });
    return nothingOf(
      [...entered, ...(outside.status < 400 ? [server.api] : [])],
      `${paths.length + 1} requests refused`,
    );
  },

  "call itself without end": async (target) => {
    const recursive = (
      credential: string,
    ) => `module.exports = async ({ dispatch, function: self }, { depth = 0, name }) => {
      const headers = { ${credential}, "x-dispatch-org": dispatch.organization, "content-type": "application/json" };
      const body = JSON.stringify({ blocking: true, input: { depth: depth + 1, name } });
      const answer = await fetch(dispatch.url + "/v1/runs?functionName=" + name, { method: "POST", headers, body });
      return answer.status === 200 ? (await answer.json()).output : depth;
    };`;
    const depths: unknown[] = [];
    for (const credential of ['authorization: "Bearer " + dispatch.token', 'cookie: "cookie"']) {
      const name = await target.deploy("nodejs", recursive(credential));
      const run = target.admin.run(name, { name });
      depths.push((await within(run, 30_000)) ? (await run).output : "no end");
    }
    return judge(
      depths.every((depth) => Number(depth) <= 8),
      `it got ${depths.join(" and ")} deep`,
    );
  },
});
