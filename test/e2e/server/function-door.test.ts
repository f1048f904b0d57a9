/** Functions that call functions: the door in their own network, and what may pass through it (decisions 16, 17, 18a). */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Dispatch, serverWith } from "../support/dispatch.ts";
import type { ServerProcess } from "../support/server.ts";

const hostService = createServer((_request, response) => response.end("from the host"));
let server: ServerProcess;
let dispatch: Dispatch;
let servicePort: number;

/** Calls the door as its payload says, and returns what came back. */
const caller = `const http = require("node:http");
module.exports = ({ dispatch }, { method = "POST", path, headers = {}, body, token = false, at = dispatch.url }) =>
  new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const all = { "content-type": "application/json", "x-dispatch-org": dispatch.organization, ...headers };
    if (token) all.authorization = "Bearer " + dispatch.token;
    if (text !== undefined) all["content-length"] = Buffer.byteLength(text);
    const request = http.request(at + path, { method, headers: all }, (response) => {
      let text = "";
      response.on("data", (chunk) => { text += chunk; }).on("end", () => resolve({ status: response.statusCode, text }));
    });
    request.on("error", reject).end(text);
  });`;

/** Calls itself, one level deeper each time, and says how deep it got. */
const recursive = `module.exports = async ({ dispatch }, { depth = 0 }) => {
  const answer = await fetch(dispatch.url + "/v1/runs?functionName=recursive", {
    method: "POST",
    headers: { authorization: "Bearer " + dispatch.token, "x-dispatch-org": dispatch.organization, "content-type": "application/json" },
    body: JSON.stringify({ blocking: true, input: { depth: depth + 1 } }),
  });
  const inner = await answer.json();
  return answer.status === 200 ? inner.output : { depth, status: answer.status, message: inner.message };
};`;

/** Starts a run, and looks at it and at all that it may see. */
const parent = `module.exports = async ({ dispatch }) => {
  const headers = { authorization: "Bearer " + dispatch.token, "x-dispatch-org": dispatch.organization, "content-type": "application/json" };
  const body = JSON.stringify({ blocking: true, input: 1 });
  const child = await (await fetch(dispatch.url + "/v1/runs?functionName=echo", { method: "POST", headers, body })).json();
  const listed = await (await fetch(dispatch.url + "/v1/runs", { headers })).json();
  const one = await fetch(dispatch.url + "/v1/runs/" + child.name, { headers });
  return { children: listed.map(({ functionName }) => functionName).filter((name) => name !== "parent"), child: one.status };
};`;

beforeAll(async () => {
  await new Promise<void>((resolve) => hostService.listen(0, "127.0.0.1", resolve));
  servicePort = (hostService.address() as AddressInfo).port;
  ({ server, dispatch } = await serverWith(["nodejs"], {
    flags: [
      ...["--allow-host-service", `127.0.0.1:${servicePort}`],
      ...["--server-names", "dispatch.example.com,chat.example.com:9443,198.51.100.7"],
    ],
  }));
  await dispatch.createFunction("caller", { "f.js": caller });
  await dispatch.createFunction("echo", {
    "f.js": "module.exports = ({ secrets }, payload) => ({ payload, secrets });",
  });
  await dispatch.createFunction("recursive", { "f.js": recursive });
  await dispatch.post("/v1/secret", { name: "aws", secrets: { key: "k1" } });
});

afterAll(async () => {
  await server.dispose();
  hostService.close();
});

interface Passed {
  readonly status: number;
  readonly text: string;
}

async function through(payload: object): Promise<Passed> {
  const run = await dispatch.run("caller", payload);
  expect(run.error).toBeUndefined();
  return run.output as Passed;
}

const call = { path: "/v1/runs?functionName=echo", body: { blocking: true, input: 1, secrets: ["aws"] } };

describe("through the door", () => {
  test("the old way with a cookie runs functions with the organization's secrets, as the demo does", async () => {
    const { status, text } = await through({ ...call, headers: { cookie: "cookie" } });
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ status: "READY", output: { payload: 1, secrets: { key: "k1" } } });
  });

  test("the run's token does as well, and says who called", async () => {
    const { status, text } = await through({ ...call, token: true });
    expect([status, JSON.parse(text).output.payload]).toEqual([200, 1]);
  });

  test("the server's own names and addresses lead there, with every right that the door gives and no more", async () => {
    const { port } = new URL(server.api);
    for (const at of [
      `http://dispatch.example.com:${port}`,
      "http://chat.example.com:9443",
      `http://198.51.100.7:${port}`,
    ]) {
      const headers = { cookie: "cookie" };
      const { status, text } = await through({ ...call, headers, at });
      expect([at, status]).toEqual([at, 200]);
      expect(JSON.parse(text)).toMatchObject({ output: { payload: 1, secrets: { key: "k1" } } });
      expect((await through({ method: "GET", path: "/v1/secret", headers, at })).status).toBe(403);
    }
  });

  test("nobody is the administrator: reading secrets or changing functions is 403", async () => {
    for (const credential of [{ headers: { cookie: "cookie" } }, { token: true }]) {
      for (const request of [
        { method: "GET", path: "/v1/secret" },
        { method: "GET", path: "/v1/secret/aws" },
        { method: "DELETE", path: "/v1/function/echo" },
        { method: "GET", path: "/v1/function" },
        { path: "/v1/secret", body: { name: "planted" } },
      ]) {
        const { status } = await through({ ...request, ...credential });
        expect([request.method ?? "POST", request.path, status]).toEqual([request.method ?? "POST", request.path, 403]);
      }
    }
  });

  test("what concerns all organizations is 403 in words that say what", async () => {
    const { status, text } = await through({ method: "GET", path: "/metrics", token: true });
    expect([status, text]).toEqual([403, expect.stringMatching(/function \S+ may not get metrics"\}$/)]);
  });

  test("another organization is out of reach", async () => {
    for (const credential of [
      { headers: { cookie: "cookie", "x-dispatch-org": "other" } },
      { token: true, headers: { "x-dispatch-org": "other" } },
    ]) {
      const { status, text } = await through({ ...call, ...credential });
      expect([status, text]).toEqual([
        403,
        expect.stringContaining("belongs to organization dispatch-server, not to other"),
      ]);
    }
  });

  test("without a credential it is 401", async () => {
    expect((await through(call)).status).toBe(401);
  });

  test("the token of a run that has ended is worth nothing, also beside a cookie", async () => {
    await dispatch.createFunction("token", { "f.js": "module.exports = ({ dispatch }) => dispatch.token.split('.');" });
    const token = ((await dispatch.run("token")).output as string[]).join(".");
    for (const authorization of [`Bearer ${token}`, "Bearer cookie", "Basic YTpi"]) {
      const { status } = await through({ ...call, headers: { cookie: "cookie", authorization } });
      expect([authorization, status]).toEqual([authorization, 401]);
    }
  });

  test("without a token nothing can be read, and calls in a row end at eight as well", async () => {
    for (const path of ["/v1/runs", "/v1/version", "/home"]) {
      const { status, text } = await through({ method: "GET", path, headers: { cookie: "cookie" } });
      expect([path, status, text]).toEqual([path, 403, expect.stringContaining("needs the run's token")]);
    }
    await dispatch.createFunction("forgetful", {
      "f.js": recursive.replace(/authorization:.*token/, 'cookie: "cookie"').replaceAll("recursive", "forgetful"),
    });
    expect((await dispatch.run("forgetful", {})).output).toMatchObject({ depth: 8, status: 400 });
  });

  test("a run sees itself and the runs that it started, and no others", async () => {
    await dispatch.run("echo", "before");
    const child = JSON.parse((await through({ ...call, token: true })).text).name;
    const own = await through({ path: "/v1/runs", method: "GET", token: true });
    expect(own.text).not.toContain('"echo"');
    const foreign = await through({ path: `/v1/runs/${child}`, method: "GET", token: true });
    expect(foreign.status).toBe(404);
    await dispatch.createFunction("parent", { "f.js": parent });
    const { output } = await dispatch.run("parent", {});
    expect(output).toEqual({ children: ["echo"], child: 200 });
  });

  test("calls in a row end at eight with a sentence", async () => {
    const run = await dispatch.run("recursive", {});
    expect(run.output).toEqual({
      depth: 8,
      status: 400,
      message: "function recursive was called through more than 8 functions: is it calling itself?",
    });
  });
});

/** A manifest's own script: it asks the door for everything, and leaves the answers where functions find them. */
const curious = (url: string, token: string): string => {
  const program = `
    const { mkdirSync, writeFileSync } = require("node:fs");
    const common = { "content-type": "application/json", "x-dispatch-org": "dispatch-server" };
    const body = JSON.stringify({ blocking: true, secrets: ["aws"] });
    const ask = (credential, method, path) =>
      fetch("${url}" + path, { method, headers: { ...common, ...credential }, ...(method === "POST" ? { body } : {}) })
        .then(({ status }) => status, () => "no way");
    (async () => {
      const answers = [];
      for (const credential of [{ cookie: "cookie" }, { authorization: "Bearer ${token}" }])
        for (const [method, path] of [["POST", "/v1/runs?functionName=echo"], ["GET", "/v1/runs"], ["GET", "/v1/version"]])
          answers.push(await ask(credential, method, path));
      mkdirSync("node_modules/answers", { recursive: true });
      writeFileSync("node_modules/answers/index.js", "module.exports = " + JSON.stringify(answers));
    })();`;
  return `node -e "eval(Buffer.from('${Buffer.from(program).toString("base64")}', 'base64').toString())"`;
};

test("installers get nothing at the door, whatever they show", async () => {
  const { output: token } = await dispatch.run("token");
  const manifest = JSON.stringify({ scripts: { postinstall: curious(server.api, String(token)) } });
  const body = { name: "curious", baseImageName: "nodejs-base", runtimeDependencies: { manifest } };
  expect((await dispatch.post("/v1/image", body)).status).toBe(201);
  const source = { "f.js": "module.exports = () => require('answers');" };
  const made = await dispatch.createFunction("tells", source, { image: "curious" });
  expect([made.status, made.reason]).toEqual(["READY", null]);
  const answers = (await dispatch.run("tells")).output as (number | string)[];
  expect(answers).toHaveLength(6);
  for (const answer of answers) expect([401, "no way"]).toContain(answer);
});

describe("the network of functions", () => {
  const reach = `module.exports = async (c, url) => {
    try { return await (await fetch(url, { signal: AbortSignal.timeout(2000) })).text(); } catch (error) { return "no: " + (error.cause?.code ?? error.name); }
  };`;

  beforeAll(async () => {
    await dispatch.createFunction("reach", { "f.js": reach });
  });

  test("reaches the services of the host that were allowed", async () => {
    expect((await dispatch.run("reach", `http://127.0.0.1:${servicePort}/`)).output).toBe("from the host");
  });

  test("reaches no other: not the gateway, not the cloud's metadata", async () => {
    for (const url of [`${server.gateway}/`, "http://169.254.169.254/"]) {
      expect((await dispatch.run("reach", url)).output).toMatch(/^no: /);
    }
  });

  test("is the organization's own: the door of one is not the other's", async () => {
    const other = new Dispatch(server.api, { "x-dispatch-org": "other" });
    await other.createImage("nodejs");
    await other.createFunction("caller", { "f.js": caller });
    const own = await other.run("caller", { ...call, headers: { cookie: "cookie" } });
    expect(own.output).toEqual({ status: 404, text: '{"code":404,"message":"function echo not found"}' });
  });
});
