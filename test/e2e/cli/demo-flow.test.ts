/** The commands of the Cloudmaster demo, letter for letter and in their order, against a real server. */
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CommandResult, runCommand, writeFiles } from "../support/command-line.ts";
import { type ServerProcess, startServer, temporaryFolder } from "../support/server.ts";

const files = {
  "slack.json": '{"signingSecret": "8f742231b10e"}',
  "hello.js": "module.exports = (context, params) => ({ myField: params.name });",
  "echo.js": "module.exports = (context, params) => { console.log('echoing'); return params; };",
  "boom.js": "module.exports = () => { throw new Error('boom'); };",
  "all-resources.yaml": [
    "kind: Function\nname: cloudmaster\nsourcePath: hello.js\nimage: nodejs\nsecrets: [slack]\n",
    "kind: Function\nname: echo\nsourcePath: echo.js\nimage: nodejs\n",
    "kind: Function\nname: echo\nsourcePath: echo.js\nimage: nodejs\ntags:\n- key: a\n  value: 1\n  label: old\n",
    "kind: API\nname: cloudmaster\nfunction: cloudmaster\nenabled: yes\nmethods: [POST]\nprotocols: [http, https]\nuris: [/cloudmaster]\n",
  ].join("---\n"),
};

let server: ServerProcess;
let folder: string;

beforeAll(async () => {
  server = await startServer();
  folder = await temporaryFolder();
  await writeFiles(folder, files);
});

afterAll(async () => {
  await server.dispose();
  await rm(folder, { recursive: true, force: true });
});

function dispatch(...words: string[]): Promise<CommandResult> {
  return runCommand(words, { cwd: folder, environment: { DISPATCH_PORT: new URL(server.api).port } });
}

function succeeded(stdout: string): CommandResult {
  return { status: 0, stdout, stderr: "" };
}

describe("the demo's commands", () => {
  test("create secrets and the seed images", async () => {
    expect(await dispatch("create", "secret", "slack", "slack.json")).toEqual(succeeded("Created secret: slack\n"));
    expect(await dispatch("create", "seed-images")).toMatchObject({ status: 0, stderr: "" });
    expect((await dispatch("create", "secret", "slack", "slack.json")).stderr).toBe(
      "[Code: 409] secret slack already exists\n",
    );
  });

  test("create all resources of a file, a name defined twice included, and wait for them", async () => {
    expect(await dispatch("create", "-f", "all-resources.yaml", "--wait")).toEqual(
      succeeded(
        "Created Function: cloudmaster\nCreated Function: echo\nUpdated Function: echo\nCreated API: cloudmaster\n",
      ),
    );
  });

  test("lay an endpoint over another one, read its runs, and take it away again", async () => {
    const words = "create api echo echo --path /cloudmaster --method POST --https-only".split(" ");
    const note =
      "note: API echo: shadows API cloudmaster: POST /dispatch-server/cloudmaster is answered by this younger one\n";
    expect(await dispatch(...words)).toEqual({ ...succeeded("Created api: echo\n"), stderr: note });
    const run = await dispatch("exec", "echo", "--wait", "--input", '{"text": "hello"}');
    expect(run).toMatchObject({ status: 0, stderr: "" });
    const { name, output } = JSON.parse(run.stdout) as { name: string; output: unknown };
    expect(output).toEqual({ text: "hello" });
    const read = await dispatch("get", "runs", "echo", name, "--json");
    expect(JSON.parse(read.stdout)).toMatchObject({
      name,
      functionName: "echo",
      status: "READY",
      output: { text: "hello" },
    });
    expect(exactTimes(read.stdout)).toEqual(exactTimes(run.stdout));
    expect(await dispatch("delete", "api", "echo")).toEqual(succeeded("Deleted api: echo\n"));
  });
});

/** The nanoseconds as they were printed. */
function exactTimes(text: string): string[] {
  return text.match(/"(executed|finished)Time": \d{19},/g) ?? [];
}

describe("other commands against the server", () => {
  test("the output of a run is read with logs, and its table shows when it ran", async () => {
    expect(await dispatch("logs", "echo")).toEqual(succeeded("echoing\n"));
    const { stdout } = await dispatch("get", "runs", "echo");
    expect(stdout).toMatch(
      /\n {2}[0-9a-f-]{36} \| echo {5}\| READY {2}\| 20\d\d-\S+Z \| 20\d\d-\S+Z \| \S+ +\| \S.*\n/,
    );
  });

  test("an endpoint is shown with the address at which the gateway answers", async () => {
    const url = `${server.gateway}/dispatch-server/cloudmaster`;
    expect((await dispatch("get", "api", "cloudmaster")).stdout).toContain(`| ${url} `);
    expect((await dispatch("describe", "api", "cloudmaster")).stdout).toContain(` ${url}\n`);
    expect((await dispatch("doctor")).stdout).toContain(` ${server.gateway} answers\n`);
  });

  test("a function that fails makes exec exit with 1", async () => {
    await dispatch("create", "function", "boom", "boom.js", "--image", "nodejs", "--wait");
    expect(await dispatch("exec", "boom", "--output-only")).toEqual({
      status: 1,
      stdout: "",
      stderr: "FunctionError: boom\n",
    });
    expect((await dispatch("exec", "boom", "--wait")).status).toBe(1);
    const { stdout } = await dispatch("get", "runs", "--status", "error", "-o", "json");
    expect(JSON.parse(stdout)).toMatchObject([{ functionName: "boom" }, { functionName: "boom" }]);
  });

  test("a function on an unknown image is waited for in vain, and describe says why", async () => {
    const outcome = await dispatch("create", "function", "lost", "hello.js", "--image", "nosuch", "--wait");
    expect(outcome).toMatchObject({ status: 1, stdout: "Created function: lost\n" });
    expect(outcome.stderr).toContain("function lost is in ERROR: ");
    expect((await dispatch("describe", "function", "lost")).stdout).toContain("image nosuch not found");
  });

  test("the same function with the same source is updated, and apply creates what is missing", async () => {
    expect(await dispatch("update", "function", "echo", "echo.js", "--image", "nodejs", "--wait")).toEqual(
      succeeded("Updated function: echo\n"),
    );
    await dispatch("delete", "function", "cloudmaster");
    expect((await dispatch("apply", "-f", "all-resources.yaml", "--wait")).stdout).toBe(
      "Applied Function: cloudmaster\nApplied Function: echo\nApplied Function: echo\nApplied API: cloudmaster\n",
    );
    expect(await dispatch("delete", "-f", "all-resources.yaml")).toEqual(
      succeeded("Deleted API: cloudmaster\nDeleted Function: echo\nDeleted Function: cloudmaster\n"),
    );
  });
});

describe("with authentication", () => {
  test("the command line on the server's machine finds the administrator token", async () => {
    const guarded = await startServer({ flags: ["--auth", "token"] });
    try {
      const port = new URL(guarded.api).port;
      const known = { DISPATCH_PORT: port, DISPATCH_DATA_DIR: guarded.dataDir };
      expect(await runCommand(["get", "functions", "-o", "json"], { cwd: folder, environment: known })).toEqual(
        succeeded("[]\n"),
      );
      const stranger = await runCommand(["get", "functions"], { cwd: folder, environment: { DISPATCH_PORT: port } });
      expect(stranger).toMatchObject({
        status: 1,
        stderr:
          "[Code: 401] unauthenticated for invalid credentials\n" +
          "The server asks for a credential: dispatch login --token-stdin, or --service-account with --jwt-private-key" +
          " (a server of yours with a --data-dir of its own: set DISPATCH_DATA_DIR to it)\n",
      });
    } finally {
      await guarded.dispose();
    }
  });
});
