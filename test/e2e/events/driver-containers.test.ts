/** Event drivers that are images of containers, in a real engine, on a running server (decisions 21). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { suiteName } from "../../contract/runtime-harness.ts";
import { findDockerObstacle, startDocker, type TestDocker } from "../../support/docker.ts";
import { runCommand } from "../support/command-line.ts";
import { Dispatch, parse } from "../support/dispatch.ts";
import { type ServerProcess, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

const obstacle = findDockerObstacle();

/** It tries nothing twice: the door must be there when it starts. */
const NEW_DRIVER = `
import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync, writeSync } from "node:fs";
const words = Object.fromEntries(process.argv.slice(2).map((word) => {
  const [key, ...value] = word.slice(2).split("=");
  return [key, value.join("=")];
}));
const api = "http://" + words["dispatch-api-endpoint"];
const { AUTH_TOKEN, API_KEY = "none", DISPATCH_BOOKMARK = "none" } = process.env;
const tried = (path) => { try { writeFileSync(path, "x"); return "written"; } catch (error) { return error.code; } };
const push = async (token, data, bookmark = "") => (await fetch(api + "/v1/event/ingest?authToken=" + token + bookmark, {
  method: "POST", headers: { "content-type": "application/json", cookie: "unset" },
  body: JSON.stringify({ eventType: "box.event", cloudEventsVersion: "0.1", source: words.say ?? "box", eventID: randomUUID(), data }),
})).status;
if (words.do === "exit") { console.error("nothing to do"); process.exit(7); }
if (words.do === "flood") for (;;) writeSync(1, "\\n".repeat(10_000));
if (words.do === "hang") setInterval(() => {}, 1e6);
else if (words.do === "foreign") { console.log("foreign " + await push(words.token, {})); setInterval(() => {}, 1e6); }
else if (words.do === "memory") { await push(AUTH_TOKEN, {}); for (const all = [];;) all.push(Buffer.alloc(4e6, 1)); }
else {
  console.log("the key is " + API_KEY);
  const capabilities = /CapEff:\\s*(\\S+)/.exec(readFileSync("/proc/self/status", "utf8"))[1];
  const seen = { say: words.say, flag: words.flag, key: API_KEY.length, before: DISPATCH_BOOKMARK, capabilities,
    places: ["/x", "/tmp/x", "/kept/x"].map(tried) };
  console.log("pushed " + await push(AUTH_TOKEN, seen, "&bookmark=" + words.say));
  const secrets = await fetch(api + "/v1/secret", { headers: { cookie: "unset", "x-dispatch-org": "dispatch-server" } });
  console.log("secrets " + secrets.status);
  setInterval(() => {}, 1e6);
}
`;

/** As the older driver library has it: it asks until something answers, ignores what its events are answered with, and serves port 80. */
const OLD_DRIVER = `
import http.server, json, os, sys, time, urllib.error, urllib.request, uuid
words = dict(word[2:].split("=", 1) for word in sys.argv[1:] if "=" in word)
url = "http://" + words.get("dispatch-api-endpoint", "localhost:8080") + "/v1/event/ingest"
for attempt in range(60):
    try:
        urllib.request.urlopen(url)
        break
    except urllib.error.HTTPError:
        break
    except OSError:
        time.sleep(0.5)
def send(data):
    event = {"eventType": "old.event", "cloudEventsVersion": "0.1", "source": "old", "eventID": str(uuid.uuid4()), "data": data}
    headers = {"Content-Type": "application/json", "Cookie": "unset"}
    request = urllib.request.Request(url + "?authToken=" + os.environ["AUTH_TOKEN"], json.dumps(event).encode(), headers)
    urllib.request.urlopen(request, timeout=5).read()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        if self.path == "/die": os._exit(3)
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        send({"got": body})
        self.send_response(200)
        self.end_headers()
        self.wfile.write((words["say"] + " " + self.path).encode())
http.server.HTTPServer(("", 80), Handler).serve_forever()
`;

interface DriverObject {
  readonly status: string;
  readonly reason: string[] | null;
  readonly url?: string;
}

describe.skipIf(obstacle !== undefined)(suiteName("drivers in containers", obstacle), { timeout: 600_000 }, () => {
  let docker: TestDocker;
  let server: ServerProcess;
  let dispatch: Dispatch;

  const start = async (flags: readonly string[], dataDir?: string): Promise<void> => {
    server = await startServer({ flags, ...(dataDir === undefined ? {} : { dataDir }) });
    dispatch = new Dispatch(server.api);
  };
  const both = () => ["--runtime", "both", "--docker-socket", docker.socket];

  const build = async (tag: string): Promise<void> => {
    const lines = ["VOLUME /kept", 'ENTRYPOINT ["node", "/driver.mjs"]'];
    await docker.build({ tag, file: "driver.mjs", source: NEW_DRIVER, lines });
  };

  beforeAll(async () => {
    docker = await startDocker();
    await build("tests/new-driver:1");
    const lines = ["USER 1000", 'ENTRYPOINT ["python3", "-u", "/driver.py"]'];
    await docker.build({ tag: "tests/old-driver:1", file: "driver.py", source: OLD_DRIVER, lines });
    await start(both());
    await dispatch.createImage("nodejs");
    await dispatch.createFunction("note", { "f.js": "module.exports = ({ event }, input) => input;" });
    await dispatch.post("/v1/event/subscriptions", { name: "boxes", eventType: "box.event", function: "note" });
    await dispatch.post("/v1/event/subscriptions", { name: "olds", eventType: "old.event", function: "note" });
    await dispatch.post("/v1/event/drivertypes", { name: "box", image: "tests/new-driver:1" });
    await dispatch.post("/v1/event/drivertypes", { name: "old", image: "tests/old-driver:1", expose: true });
  }, 600_000);

  afterAll(async () => {
    await server?.dispose();
    await docker?.close();
  });

  const body = (name: string, config: Readonly<Record<string, string>>, more: object = {}) => ({
    ...{ name, type: "box", ...more },
    config: Object.entries(config).map(([key, value]) => ({ key, value })),
  });
  const create = (name: string, config: Readonly<Record<string, string>>, more: object = {}) =>
    dispatch.post("/v1/event/drivers", body(name, config, more));
  const driver = async (name: string) => parse<DriverObject>(await dispatch.get(`/v1/event/drivers/${name}`));
  const inState = (name: string, wanted: string) =>
    until(`the driver ${name} is ${wanted}`, async () => {
      const now = await driver(name);
      return now.status === wanted ? now : undefined;
    });
  const outputs = async () => (await dispatch.runs("?functionName=note")).map(({ output }) => output);
  const heard = (part: object) =>
    until(`an event with ${JSON.stringify(part)} arrived`, async () =>
      (await outputs()).find((output) => Object.entries(part).every(([key, value]) => Object(output)[key] === value)),
    );
  const containers = async (name: string, kind = "driver") =>
    (
      await docker.engine.containers({
        "io.dispatchframework.kind": kind,
        "dispatch-eventdriver-id": `dispatch-server/${name}`,
      })
    ).map(({ Id }) => Id);
  const logs = (name: string) =>
    runCommand(["logs", "driver", name], {
      cwd: server.dataDir,
      environment: { DISPATCH_PORT: new URL(server.api).port },
    });
  const remove = async (name: string): Promise<void> => {
    await dispatch.delete(`/v1/event/drivers/${name}`);
    await until(`nothing is left of ${name}`, async () => {
      const left = [...(await containers(name)), ...(await containers(name, "holder"))];
      return left.length === 0 ? true : undefined;
    });
  };

  const replaced = async (name: string, left: string | undefined): Promise<void> => {
    await until("there is another container", async () => {
      const now = await containers(name);
      return now.length === 1 && now[0] !== left ? true : undefined;
    });
    await inState(name, "READY");
  };

  test("its first act is a push; it has settings, secret, bookmark and log, few rights, and follows changes", async () => {
    await dispatch.post("/v1/secret", { name: "key", secrets: { "api-key": "s3cr3t-value" } });
    await create("box1", { say: "hello=you", flag: "" }, { secrets: ["key"] });
    await inState("box1", "READY");
    expect(await heard({ say: "hello=you" })).toEqual({
      ...{ say: "hello=you", flag: "", key: 12, before: "none", capabilities: "0000000000000000" },
      places: ["EROFS", "written", "written"],
    });
    await until("its log is there", async () => ((await logs("box1")).stdout.includes("secrets") ? true : undefined));
    expect((await logs("box1")).stdout).toBe("the key is ***\npushed 200\nsecrets 403\n");

    const before = await containers("box1");
    expect(before).toHaveLength(1);
    await dispatch.put("/v1/secret/key", { name: "key", secrets: { "api-key": "longer-s3cr3t-value" } });
    await dispatch.put("/v1/event/drivers/box1", body("box1", { say: "again" }, { secrets: ["key"] }));
    expect(await heard({ say: "again" })).toMatchObject({ key: 19, before: "hello=you" });
    await inState("box1", "READY");
    const after = await containers("box1");
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before);

    await docker.engine.removeContainer(after[0] ?? "");
    await until("its end is told", async () =>
      /the driver ended \((its container was removed|killed by SIGKILL)\)/.test((await logs("box1")).stderr)
        ? true
        : undefined,
    );
    await replaced("box1", after[0]);
    await remove("box1");
    expect((await dispatch.get("/v1/event/drivers/box1")).status).toBe(404);
  });

  test("an unchanged program of the older library pushes and is called at port 80, over its end", async () => {
    await create("old1", { say: "one" }, { type: "old" });
    await create("old2", { say: "two" }, { type: "old" });
    const url = (name: string) => `${server.gateway}/dispatch-server/drivers/${name}`;
    const ask = (name: string) => fetch(`${url(name)}/deep?q=1`, { method: "POST", body: `for ${name}` });
    const answered = (name: string) =>
      until(`${name} answers`, async () => {
        const answer = await ask(name);
        const text = await answer.text();
        if (answer.status === 200) return text;
        expect([502, 503, 504]).toContain(answer.status);
        return undefined;
      });
    expect([await answered("old1"), await answered("old2")]).toEqual(["one /deep?q=1", "two /deep?q=1"]);
    await heard({ got: "for old2" });
    await inState("old1", "READY");
    expect((await driver("old1")).url).toMatch(/^http:\/\/0\.0\.0\.0:\d+\/dispatch-server\/drivers\/old1$/);
    expect((await fetch(`${url("old1")}/die`, { method: "POST", body: "" })).status).toBe(502);
    expect(await answered("old1")).toBe("one /deep?q=1");
    await Promise.all([remove("old1"), remove("old2")]);
    expect((await ask("old1")).status).toBe(404);
  });

  test("an image that no registry has is said, and the driver runs as soon as the engine has it", async () => {
    const image = "127.0.0.1:1/late:1";
    await dispatch.post("/v1/event/drivertypes", { name: "late", image });
    await create("late1", { say: "late" }, { type: "late" });
    const { reason } = await inState("late1", "ERROR");
    expect(reason).toEqual([expect.stringMatching(/^err pulling image 127\.0\.0\.1:1\/late:1: Docker: /), reason?.[1]]);
    expect(reason?.[1]).toBe(reason?.[0]);
    expect((await logs("late1")).stderr).toMatch(/\[dispatch\] pulling the image 127\.0\.0\.1:1\/late:1/);
    await build(image);
    await inState("late1", "READY");
    await remove("late1");
    await dispatch.post("/v1/event/drivertypes", { name: "odd", image: "../containers/json" });
    await create("odd1", {}, { type: "odd" });
    expect((await inState("odd1", "ERROR")).reason?.[0]).toMatch(/no name of an image/);
    await remove("odd1");
  });

  test("one that ends, floods, fills its memory or pushes with another's token is told and held", async () => {
    await create("victim", { say: "victim" });
    const { token } = parse<{ token: string }>(
      await dispatch.raw("/v1/event/drivers/victim/token", { method: "POST", headers: dispatch.headers }),
    );
    await Promise.all([
      create("ends", { do: "exit" }),
      create("floods", { do: "flood" }),
      create("eats", { do: "memory" }),
      create("foreign", { do: "foreign", token }),
    ]);
    await until("it was started again", async () => {
      const said = (await logs("ends")).stderr.match(/nothing to do/g) ?? [];
      return said.length >= 2 ? true : undefined;
    });
    expect((await logs("ends")).stderr).toMatch(
      /\[dispatch\] the driver ended \(exit code 7\); next start in [\d.]+ s/,
    );
    const told = (name: string, what: RegExp) =>
      until(`${name} is told`, async () => (what.test((await driver(name)).reason?.[0] ?? "") ? true : undefined));
    await told("ends", /^the driver ended \(exit code 7\): nothing to do$/);
    await told("floods", /more output than a driver may/);
    await told("eats", /out of memory: it needed more than 256 MB/);
    await until("it tried the token", async () =>
      (await logs("foreign")).stdout.includes("foreign 401") ? true : undefined,
    );
    await Promise.all(["victim", "ends", "floods", "eats", "foreign"].map(remove));
  });

  test("one that never calls this server is in ERROR with that reason", async () => {
    await create("hangs", { do: "hang" });
    expect((await inState("hangs", "ERROR")).reason?.[0]).toMatch(/has not called this server for 30 s/);
    expect(await containers("hangs")).toHaveLength(1);
    await remove("hangs");
  });

  test("after kill -9 of the server its container is replaced, and the driver goes on", async () => {
    await create("kept", { say: "before" });
    await inState("kept", "READY");
    const [left] = await containers("kept");
    await server.kill();
    expect(await containers("kept")).toEqual([left]);
    await start(both(), server.dataDir);
    await replaced("kept", left);
  });

  test("while the engine is away that is the reason, and when it is back one container runs", async () => {
    const [left] = await containers("kept");
    await docker.kill();
    try {
      expect((await inState("kept", "ERROR")).reason?.[0]).toMatch(/Docker engine at .* does not answer/);
    } finally {
      await docker.resume();
    }
    await replaced("kept", left);
  });

  test("a stop leaves no container, and without an engine the reason is one sentence", async () => {
    const { dataDir } = server;
    expect(await server.stop()).toMatchObject({ code: 0 });
    expect([await containers("kept"), await containers("kept", "holder")]).toEqual([[], []]);
    await start(["--runtime", "both", "--docker-socket", `${dataDir}/none.sock`], dataDir);
    expect((await inState("kept", "ERROR")).reason?.[0]).toMatch(
      /^err pulling image tests\/new-driver:1: the Docker engine at .*none\.sock does not answer \(ENOENT\): start it/,
    );
    await server.stop();
    await start([], dataDir);
    const refused = await until("the reason is another", async () => {
      const { reason } = await driver("kept");
      return reason?.[0]?.includes("--runtime") ? reason[0] : undefined;
    });
    expect(refused).toMatch(
      /is no built-in driver \(.*\), and this server runs no containers: start it with --runtime docker or both, or use a program file/,
    );
  });
});
