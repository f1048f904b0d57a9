/** What goes wrong is said in a sentence, with a hint, and the status is 1; nothing ever looks like a crash. */
import { generateKeyPairSync } from "node:crypto";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer, type Server } from "node:net";
import { join } from "node:path";
import { generate } from "selfsigned";
import { describe, expect, onTestFinished, test } from "vitest";
import { type CallOptions, call, recordedServer, routes, temporaryFolder } from "./cli.fixture.ts";

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return String((server.address() as AddressInfo).port);
}

/** The one line on stderr of a call that fails. */
async function sentence(words: string, options: CallOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await call(words.split(" "), options);
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).not.toMatch(/\n\s+at |Error: .*Error:/);
  return stderr;
}

test.each([
  [["get", "secret", ""], "Error: NAME is empty: has a variable no value?"],
  [["get", "secret", "."], "[Code: 400] secretName must be a name"],
  [["delete", "function", ""], "is empty: has a variable no value?"],
  [["cancel", ""], "is empty: has a variable no value?"],
  [["get", "run", "hello", ""], "is empty: has a variable no value?"],
])("a name that an empty variable left out is refused before anything is sent: %j", async (words, said) => {
  const { env, requests } = await recordedServer(() => ({ status: 200, body: [] }));
  const { status, stdout, stderr } = await call(words, { env });
  expect([status, stdout, requests]).toEqual([1, "", []]);
  expect(stderr).toContain(said);
});

describe("files that are not there", () => {
  test.each([
    ["create -f nosuch.yaml", "nosuch.yaml: no such file, folder or pattern below CWD\n"],
    ["create -f empty", "empty: the folder holds no .yaml, .yml or .json file\n"],
    ["create secret s nosuch.json", "cannot read the secrets file nosuch.json: no such file or directory\n"],
    ["create secret s empty", "cannot read the secrets file empty: it is a folder, not a file\n"],
    [
      "create function f f.js --image i --schema-in no.json",
      "error when reading content of no.json: no such file or directory\n",
    ],
    ["create image i b --runtime-deps no.txt", "failed to read runtime dependencies file: no such file or directory\n"],
    ["iam create serviceaccount a --public-key no.pem", "Error reading public key file: no such file or directory\n"],
    ["exec f --input @no.json", "cannot read the input file no.json: no such file or directory\n"],
    ["emit e --data-from-file no.json", "Error reading event data: no.json: no such file or directory\n"],
    ["emit --batch no.json", "Error reading events: no.json: no such file or directory\n"],
    ["get functions --config no.json", "Error reading config file CWD/no.json: no such file or directory\n"],
    [
      "get functions --service-account a --jwt-private-key no.pem",
      "cannot sign with the private key no.pem: no such file or directory\n",
    ],
    [
      "create -f f.yaml",
      'f.yaml:1:1: "src/f.js" does not exist; looked at CWD/src/f.js\ncreate: 1 of 1 resources failed: Function f\n',
    ],
  ])("%s", async (words, message) => {
    const cwd = temporaryFolder({
      "empty/readme.txt": "",
      "f.js": "",
      "f.yaml": "kind: Function\nname: f\nimage: i\nsourcePath: src/f.js\n",
    });
    expect((await sentence(words, { cwd })).replaceAll(cwd, "CWD")).toBe(message);
  });
});

describe("private keys that cannot sign", () => {
  const pem = { type: "pkcs8", format: "pem" } as const;
  const locked = { ...pem, cipher: "aes-256-cbc", passphrase: "x" };

  test.each([
    ["no key", "hello", "it is no private key in PEM (openssl genrsa -out key.pem 2048 makes one)"],
    [
      "one with a password",
      generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export(locked).toString(),
      "it asks for a password: write it without one (openssl genrsa -out key.pem 2048 makes one)",
    ],
    [
      "another kind",
      generateKeyPairSync("ed25519").privateKey.export(pem).toString(),
      "it is for ed25519, and RSA is needed",
    ],
  ])("%s", async (_what, key, why) => {
    const cwd = temporaryFolder({ "key.pem": key });
    expect(await sentence(`get functions --service-account a --jwt-private-key ${join(cwd, "key.pem")}`)).toBe(
      `cannot sign with the private key ${join(cwd, "key.pem")}: ${why}\n`,
    );
  });
});

describe("servers that do not answer as they should", () => {
  const pems = generate([{ name: "commonName", value: "localhost" }]);

  async function httpsServer(): Promise<string> {
    const { private: key, cert } = await pems;
    return listen(createHttpsServer({ key, cert }, (_request, response) => response.end("[]")));
  }

  test("nothing listens", async () => {
    expect(await sentence("get functions --port 1")).toBe(
      "unexpected error received from server: Get http://127.0.0.1:1/v1/function: connect ECONNREFUSED 127.0.0.1:1 (nothing listens there: is dispatch-server running?)\n",
    );
  });

  test("the certificate is not trusted", async () => {
    const words = `get functions --scheme https --port ${await httpsServer()}`;
    expect(await sentence(words)).toMatch(/: self-signed certificate \(pass --insecure .*NODE_EXTRA_CA_CERTS\)\n$/);
    expect((await call([...words.split(" "), "--insecure", "-o", "json"])).stdout).toBe("[]\n");
  });

  test("it speaks https where http is spoken, and the other way round", async () => {
    const plain = await recordedServer(routes({}));
    expect(await sentence(`get functions --scheme https --port ${plain.port}`)).toMatch(
      /: write EPROTO: wrong version number \(does the server speak the scheme that --scheme names\?\)\n$/,
    );
    expect(await sentence(`get functions --port ${await httpsServer()}`)).toMatch(
      /another scheme than --scheme\?\)\n$/,
    );
  });

  test("it breaks off in the middle of an answer", async () => {
    const port = await listen(
      createServer((socket) => {
        socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{"));
      }),
    );
    expect(await sentence(`get functions --port ${port}`)).toMatch(/: aborted \(the connection broke: .*\)\n$/);
  });

  test("it is no Dispatch server", async () => {
    const page = await recordedServer(() => ({ status: 200, body: "<html>hello</html>" }));
    expect(await sentence("get functions", page)).toBe(
      "[Code: 200] the server's answer is not JSON: is this a Dispatch server?\n",
    );
  });
});

describe("credentials that are refused", () => {
  const refusal = { code: 401, message: "unable to validate bearer token: it has expired (exp)" };

  test.each([
    [
      "get functions --token old",
      /^\[Code: 401\] unable to .* expired \(exp\)\nThe token was refused .*dispatch login/,
    ],
    ["get functions", /\nThe server asks for a credential: dispatch login --token-stdin/],
    [
      "get functions",
      /--jwt-private-key \(a server of yours with a --data-dir of its own: set DISPATCH_DATA_DIR to it\)\n$/,
    ],
    ["get functions --service-account ci", /\nThe service account ci needs its key: --jwt-private-key FILE\n$/],
    ["login --token old", /^error logging in: unable to validate bearer token: it has expired \(exp\)\n$/],
  ])("%s", async (words, message) => {
    const server = await recordedServer(() => ({ status: 401, body: refusal }));
    expect(await sentence(words, server)).toMatch(message);
  });

  test("a batch ends at the first refusal", async () => {
    const server = await recordedServer(() => ({ status: 401, body: refusal }));
    const cwd = temporaryFolder({ "all.yaml": "kind: Secret\nname: a\n---\nkind: Secret\nname: b\n" });
    expect(await sentence("create -f all.yaml --token old", { ...server, cwd })).toMatch(
      /dispatch login --token-stdin\ncreate: 1 of 2 resources failed: Secret a; not tried: 1\n$/,
    );
    expect(server.requests).toHaveLength(1);
  });
});

describe("calls that the user interrupts", () => {
  /** A server that never answers, and a user who gives up as soon as it was asked. */
  async function impatient(): Promise<CallOptions> {
    const interrupt = new AbortController();
    const server = createServer((socket) => {
      onTestFinished(() => void socket.destroy());
      socket.once("data", () => interrupt.abort());
    });
    return { env: { DISPATCH_PORT: await listen(server) }, signal: interrupt.signal };
  }

  test("a batch says what was not tried", async () => {
    const cwd = temporaryFolder({ "all.yaml": "kind: Secret\nname: a\n---\nkind: Secret\nname: b\n" });
    expect(await sentence("create -f all.yaml", { ...(await impatient()), cwd })).toBe(
      "interrupted\ncreate: 1 of 2 resources failed: Secret a; not tried: 1\n",
    );
  });

  test("a run goes on, and it is said where to find it", async () => {
    expect(await sentence("exec slow --wait", await impatient())).toBe(
      "interrupted; a run that has begun goes on: dispatch get runs slow --last\n",
    );
  });

  test.each(["get runs --follow", "logs f --follow"])("%s ends with 1", async (words) => {
    const server = await recordedServer(() => ({ status: 200, body: [] }));
    const { status, stderr } = await call(words.split(" "), { ...server, signal: AbortSignal.abort() });
    expect({ status, stderr }).toEqual({ status: 1, stderr: "interrupted\n" });
  });
});

test.each([
  "create -f all.yaml --wait --timeout 1x",
  "apply -f all.yaml --wait --wait-timeout soon",
  "create api a f --wait --timeout 1x",
])("%s: nothing is sent", async (words) => {
  const server = await recordedServer(() => ({ status: 200, body: { name: "a", status: "READY" } }));
  const cwd = temporaryFolder({ "all.yaml": "kind: API\nname: a\nfunction: f\n" });
  const { status, stderr } = await call(words.split(" "), { ...server, cwd });
  expect([status, stderr]).toEqual([1, expect.stringContaining("a span of time is needed, like 30s, 5m or 1h")]);
  expect(server.requests).toEqual([]);
});

describe("words that do not exist", () => {
  test.each([
    ["gett functions", 'unknown command "gett" for "dispatch"\n\nDid you mean this?\n\tget\n'],
    ["iam create polcy", 'unknown resource type "polcy" for "dispatch iam create"\n\nDid you mean this?\n\tpolicy\n'],
    [
      "describe functon x",
      'unknown resource type "functon" for "dispatch describe"\n\nDid you mean this?\n\tfunction\n',
    ],
    [
      "get policy readers",
      'unknown resource type "policy" for "dispatch get"\n\nDid you mean this?\n\tdispatch iam get policy\n',
    ],
    ["get Policies", "Did you mean this?\n\tdispatch iam get policy\n"],
    ["create service-account ci", "Did you mean this?\n\tdispatch iam create serviceaccount\n"],
    ["delete organization team-a", "Did you mean this?\n\tdispatch iam delete organization\n"],
    ["describe xyz x", "known types: api, base-image, image, function, secret"],
    ["context swich prod", 'unknown command "swich" for "dispatch context"'],
    ["get functions --outptu json", "unknown flag: --outptu (did you mean --output?)"],
    ["completion tcsh", "no completion for tcsh: choose bash, zsh, fish"],
    ["get functions --scheme ftp", 'invalid scheme "ftp": it must be http or https'],
    [
      "get functions --host http://127.0.0.1",
      'invalid host "http://127.0.0.1": write the name or the address alone; --scheme and --port say the rest',
    ],
    ["get functions --host 127.0.0.1:8080", 'invalid host "127.0.0.1:8080": write the name'],
    ["get functions --host a/b", 'invalid host "a/b"'],
    ["update eventdriver ticker --set seconds=5", "Error: --name is needed: it says which event driver is replaced"],
    ["update subscription echo --event-type a.b", "Error: --name is needed: it says which subscription is replaced"],
    ["get functions --port 99999", 'invalid port "99999": it must be a number from 1 to 65535'],
  ])("%s", async (words, message) => {
    const { status, stdout, stderr } = await call(words.split(" "));
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain(message);
  });

  test("a config file with the same key twice is refused, in any letter case", async () => {
    const cwd = temporaryFolder({
      "case.yaml": "contexts:\n  a:\n    host: one\n    Host: two\n",
      "same.json": '{"contexts": {"a": {"host": "one", "host": "two"}}}',
    });
    expect(await sentence("get functions --config case.yaml", { cwd })).toContain(
      'case.yaml: the keys "host" and "Host" mean the same: leave one of them\n',
    );
    expect(await sentence("get functions --config same.json", { cwd })).toContain(
      'same.json: the key "host" stands there again at line 1 column 36: leave one of them\n',
    );
  });

  test("a config file of a kind that nobody knows is refused by name", async () => {
    const cwd = temporaryFolder({ "config.ini": "" });
    expect(await sentence("get functions --config config.ini", { cwd })).toBe(
      `Error reading config file ${join(cwd, "config.ini")}: unsupported file type: the name must end in .json, .toml, .yaml, .yml\n`,
    );
  });
});
