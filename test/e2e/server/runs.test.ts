/** Runs: the Run object, errors, lists, logs (server.md 2.7 and 4.7, wire-examples.md 6 to 8, decisions 6, 7, 9). */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Dispatch, errorOf, parse, type RunObject, serverWith } from "../support/dispatch.ts";
import type { ServerProcess } from "../support/server.ts";

let server: ServerProcess;
let dispatch: Dispatch;

const echo = "module.exports = (context, payload) => payload;";

beforeAll(async () => {
  ({ server, dispatch } = await serverWith(["nodejs", "python3"]));
  await dispatch.createFunction("echo", { "f.js": echo });
  await dispatch.createFunction("boom", { "boom.js": boom });
  await dispatch.createFunction("logger", { "logger.py": logger }, { image: "python3" });
});

afterAll(() => server.dispose());

const boom = `module.exports = function (context, params) {
    console.error("about to fail");
    if (params.type) { throw new TypeError("bad input"); }
    throw new Error("boom");
};`;

const logger = `import sys

def handle(ctx, payload):
    print("this goes to stdout", flush=True)
    print("this goes to stderr", file=sys.stderr, flush=True)
    if payload.get("fail"):
        raise RuntimeError("py boom")
    if payload.get("bad"):
        raise ValueError("py bad input")
    return {"payload": payload}
`;

const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

describe("a blocking run", () => {
  test("is answered with 200 and the whole object, its times exact nanoseconds", async () => {
    const answer = await dispatch.post("/v1/runs?functionName=echo", '{"blocking":true,"input":{"name":"Jon"}}');
    expect(answer.status).toBe(200);
    expect(answer.text).toMatch(
      new RegExp(
        `^\\{"blocking":true,"executedTime":\\d{19},"faasId":"${UUID}","finishedTime":\\d{19},"functionId":"${UUID}","functionName":"echo","input":\\{"name":"Jon"\\},"logs":\\{"stderr":null,"stdout":null\\},"name":"${UUID}","output":\\{"name":"Jon"\\},"reason":null,"secrets":null,"services":null,"status":"READY","tags":\\[\\]\\}\\n$`,
      ),
    );
    const [, executed = "0", finished = "0"] = /"executedTime":(\d+).*"finishedTime":(\d+)/.exec(answer.text) ?? [];
    const duration = BigInt(finished) - BigInt(executed);
    expect(duration > 0n && duration < 10_000_000_000n).toBe(true);
  });

  test("reads back as it was answered, but for an empty list of secrets", async () => {
    const answer = await dispatch.post(
      "/v1/runs?functionName=echo",
      '{"blocking":true,"input":1.0,"secrets":[],"tags":[{"key":"a","value":"b"}]}',
    );
    expect(answer.text).toContain('"secrets":[]');
    expect(answer.text).toContain('"input":1.0,');
    const { name } = parse<RunObject>(answer);
    expect((await dispatch.get(`/v1/runs/${name}`)).text).toBe(answer.text.replace('"secrets":[]', '"secrets":null'));
    expect((await dispatch.get(`/v1/runs/${name}?functionName=echo`)).status).toBe(200);
  });

  test("of an unknown function, without a function or without a body is refused", async () => {
    const unknown = await dispatch.post("/v1/runs?functionName=nosuch", { blocking: true });
    expect([unknown.status, errorOf(unknown).message]).toEqual([404, "function nosuch not found"]);
    const nameless = await dispatch.post("/v1/runs", { functionName: "echo", blocking: true });
    expect([nameless.status, errorOf(nameless).message]).toEqual([400, "Bad Request: No function specified"]);
    const empty = await dispatch.post("/v1/runs?functionName=echo", "");
    expect([empty.status, errorOf(empty).message]).toEqual([400, "Bad Request: Invalid Payload"]);
  });

  test("ignores what only answers have, but checks its form", async () => {
    const fields = { blocking: true, functionName: "nosuch", status: "READY", output: 1, executedTime: 5, name: null };
    expect((await dispatch.post("/v1/runs?functionName=echo", fields)).status).toBe(200);
    const badName = await dispatch.post("/v1/runs?functionName=echo", { name: "x" });
    expect([badName.status, errorOf(badName).code]).toEqual([422, 601]);
    const badStatus = await dispatch.post("/v1/runs?functionName=echo", { status: "x" });
    expect([badStatus.status, errorOf(badStatus).code]).toEqual([422, 606]);
  });

  test("hands event and httpContext to the function and shows them", async () => {
    await dispatch.createFunction("context", { "f.js": "module.exports = (context) => context;" });
    const event = {
      eventType: "t",
      cloudEventsVersion: "0.1",
      source: "s",
      eventID: "1",
      eventTime: "2026-01-02T03:00:00.000Z",
      data: null,
    };
    const answer = await dispatch.post("/v1/runs?functionName=context", {
      blocking: true,
      event,
      httpContext: { method: "GET" },
    });
    const run = parse<RunObject & { event: object; httpContext: object }>(answer);
    expect([run.event, run.httpContext]).toEqual([event, { method: "GET" }]);
    expect(run.output).toMatchObject({
      secrets: {},
      serviceBindings: {},
      event,
      httpContext: { method: "GET" },
      run: { id: run.name, attempt: 1 },
      dispatch: { organization: "dispatch-server", url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) },
    });
  });
});

describe("a run that is not waited for", () => {
  test("is answered with 202 before it ends, and can be read until it has", async () => {
    const answer = await dispatch.post("/v1/runs?functionName=echo", '{"blocking":false,"input":{"name":"Jon"}}');
    expect(answer.status).toBe(202);
    expect(answer.text).toMatch(
      new RegExp(
        `^\\{"executedTime":\\d{19},"faasId":"${UUID}","functionId":"${UUID}","functionName":"echo","input":\\{"name":"Jon"\\},"name":"${UUID}","reason":null,"secrets":null,"services":null,"status":"INITIALIZED","tags":\\[\\]\\}\\n$`,
      ),
    );
    const run = await dispatch.finished(parse<RunObject>(answer).name);
    expect(run).toMatchObject({ status: "READY", output: { name: "Jon" }, logs: { stdout: null, stderr: null } });
  });

  test("is what a body without blocking asks for", async () => {
    expect((await dispatch.post("/v1/runs?functionName=echo", {})).status).toBe(202);
  });
});

describe("a failed run is 200 with status ERROR, its class and its message", () => {
  test("FunctionError for what Node.js throws, with the function's own lines", async () => {
    const run = await dispatch.run("boom", {});
    expect(run).toMatchObject({
      status: "ERROR",
      error: {
        type: "FunctionError",
        message: "boom",
        stacktrace: ["Error: boom", expect.stringContaining("boom.js:4:11")],
      },
      reason: ["error running function: boom: boom"],
      logs: { stderr: ["about to fail"], stdout: null },
    });
    expect(run).not.toHaveProperty("output");
    expect(run.finishedTime).toBeGreaterThan(0);
  });

  test("InputError for a TypeError of Node.js", async () => {
    expect((await dispatch.run("boom", { type: 1 })).error).toMatchObject({ type: "InputError", message: "bad input" });
  });

  test("FunctionError and InputError for Python, with its traceback", async () => {
    const failed = await dispatch.run("logger", { fail: 1 });
    expect(failed.error).toMatchObject({ type: "FunctionError", message: "py boom" });
    expect(failed.error?.stacktrace?.[0]).toBe("Traceback (most recent call last):");
    expect(failed.error?.stacktrace?.at(-1)).toBe("RuntimeError: py boom");
    expect(failed.logs).toEqual({ stderr: ["this goes to stderr"], stdout: ["this goes to stdout"] });
    const bad = await dispatch.run("logger", { bad: 1 });
    expect(bad.error).toMatchObject({ type: "InputError", message: "py bad input" });
  });
});

describe("lists of runs", () => {
  let ids: string[];

  beforeAll(async () => {
    await dispatch.createFunction("listed", {
      "f.js": "module.exports = (c, p) => { if (p === 3) throw Error('no'); };",
    });
    ids = [];
    for (const number of [1, 2, 3, 4, 5]) ids.push((await dispatch.run("listed", number)).name);
  });

  test("are newest first, for one function or for all, and empty for an unknown one", async () => {
    const runs = await dispatch.runs("?functionName=listed");
    expect(runs.map(({ name }) => name)).toEqual(ids.toReversed());
    expect((await dispatch.runs()).length).toBeGreaterThan(5);
    expect((await dispatch.get("/v1/runs?functionName=nosuch")).text).toBe("[]\n");
  });

  test("page with limit and cursor", async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await dispatch.get(
        `/v1/runs?functionName=listed&limit=2${cursor === undefined ? "" : `&cursor=${cursor}`}`,
      );
      seen.push(...parse<RunObject[]>(page).map(({ name }) => name));
      cursor = page.headers["x-dispatch-next-cursor"] as string | undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(ids.toReversed());
    expect((await dispatch.get("/v1/runs?limit=0")).status).toBe(422);
    expect((await dispatch.get("/v1/runs?cursor=x")).status).toBe(422);
  });

  test("select by status, since and until; a since from before all times selects all", async () => {
    const failed = await dispatch.runs("?functionName=listed&status=ERROR");
    expect(failed.map(({ name }) => name)).toEqual([ids[2]]);
    expect(await dispatch.runs("?functionName=listed&since=-62135596800")).toHaveLength(5);
    const future = Math.floor(Date.now() / 1000) + 3600;
    expect(await dispatch.runs(`?functionName=listed&since=${future}`)).toEqual([]);
    expect(await dispatch.runs(`?functionName=listed&until=${future}`)).toHaveLength(5);
    expect(await dispatch.runs("?functionName=listed&until=1")).toEqual([]);
  });

  test("a single run is 404 when unknown, of another function, or unchanged since", async () => {
    const future = Math.floor(Date.now() / 1000) + 3600;
    const [id = ""] = ids;
    for (const path of [
      "11111111-2222-3333-4444-555555555555",
      `${id}?functionName=echo`,
      `${id}?functionName=listed&since=${future}`,
    ]) {
      const answer = await dispatch.get(`/v1/runs/${path}`);
      expect([answer.status, errorOf(answer).message]).toEqual([404, `function run ${path.split("?")[0]} not found`]);
    }
    expect((await dispatch.get(`/v1/runs/${id}?since=-62135596800`)).status).toBe(200);
  });

  test("are an organization's own", async () => {
    const other = new Dispatch(server.api, { "x-dispatch-org": "another" });
    expect(await other.runs()).toEqual([]);
    expect((await other.get(`/v1/runs/${ids[0]}`)).status).toBe(404);
    expect((await other.post("/v1/runs?functionName=echo", { blocking: true })).status).toBe(404);
  });
});

describe("logs", () => {
  const chatty = `module.exports = async (context, { id, lines }) => {
    for (let line = 0; line < lines; line++) {
      console.log(id + " out " + line + " " + "x".repeat(50));
      console.error(id + " err " + line);
      if (line % 10 === 0) await new Promise(setImmediate);
    }
    return id;
  };`;
  const chattyPython = `import sys
def handle(context, payload):
    for line in range(payload["lines"]):
        print(f"{payload['id']} out {line} " + "x" * 50)
        print(f"{payload['id']} err {line}", file=sys.stderr)
    return payload["id"]
`;

  beforeAll(async () => {
    await dispatch.createFunction("chatty-nodejs", { "f.js": chatty }, { limits: { concurrency: 3 } });
    await dispatch.createFunction(
      "chatty-python3",
      { "f.py": chattyPython },
      { image: "python3", limits: { concurrency: 3 } },
    );
  });

  test.each(["chatty-nodejs", "chatty-python3"])(
    "of runs at the same time never mix, and each stream is complete: %s",
    async (name) => {
      const inputs = Array.from({ length: 60 }, (_, id) => ({ id, lines: id % 3 === 0 ? 300 : id % 3 }));
      const runs = await Promise.all(inputs.map((input) => dispatch.run(name, input)));
      for (const [index, run] of runs.entries()) {
        const { id, lines } = inputs[index] ?? { id: -1, lines: 0 };
        const out = Array.from({ length: lines }, (_, line) => `${id} out ${line} ${"x".repeat(50)}`);
        const err = Array.from({ length: lines }, (_, line) => `${id} err ${line}`);
        expect([run.output, run.logs]).toEqual([
          id,
          { stdout: lines === 0 ? null : out, stderr: lines === 0 ? null : err },
        ]);
      }
    },
  );

  test("keep empty lines, blanks and letters of all alphabets, and the last line without its newline", async () => {
    const print =
      "module.exports = () => { console.log(''); console.log('  a\\tb '); process.stdout.write('äöü 漢字 😀\\nlast'); };";
    await dispatch.createFunction("letters", { "f.js": print });
    expect((await dispatch.run("letters")).logs?.stdout).toEqual(["", "  a\tb ", "äöü 漢字 😀", "last"]);
  });
});
