import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isatty } from "node:tty";
import { describe, expect, test } from "vitest";
import { call, recordedServer, routes, temporaryFolder } from "../cli.fixture.ts";

const endpoint = {
  authentication: "public",
  enabled: true,
  function: "echo",
  hosts: null,
  id: "1a0f9a4e-0000-4000-8000-000000000000",
  kind: "API",
  methods: ["POST"],
  name: "echo",
  protocols: ["http"],
  reason: ["shadows API other"],
  status: "READY",
  tags: null,
  uris: ["/dispatch-server/echo"],
};

const echo = {
  createdTime: 1795358877,
  faasId: "f7611cda-fa98-4af1-b6ec-8d54b4a5951c",
  handler: "",
  image: "nodejs",
  kind: "Function",
  name: "echo",
  reason: null,
  schema: { in: null, out: null },
  secrets: ["slack"],
  services: null,
  status: "READY",
  tags: null,
};

/** The endpoint `echo`, an editor, and a folder of its own for drafts. */
async function editing(editor: string, resource: object = endpoint, put: { status: number; body: unknown } = put200) {
  const server = await recordedServer(({ method }) => (method === "GET" ? { status: 200, body: resource } : put));
  const TMPDIR = temporaryFolder({});
  return { server, TMPDIR, options: { ...server, env: { ...server.env, EDITOR: editor, TMPDIR } } };
}

const put200 = { status: 200, body: endpoint };

function drafts(TMPDIR: string): string[] {
  return readdirSync(TMPDIR, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".yaml"));
}

describe("edit", () => {
  test("shows what the user decides, and sends back what was changed, read paths as they are", async () => {
    const { server, TMPDIR, options } = await editing('cp "$1" seen.yaml && sed -i s/POST/PUT/');
    const cwd = temporaryFolder({});
    expect(await call(["edit", "api", "echo"], { ...options, cwd })).toEqual({
      status: 0,
      stdout: "Updated API: echo\n",
      stderr: "",
    });
    expect(server.requests[1]).toMatchObject({ method: "PUT", url: "/v1/api/echo" });
    expect(server.requests[1]?.body).toEqual({
      authentication: "public",
      enabled: true,
      function: "echo",
      methods: ["PUT"],
      name: "echo",
      protocols: ["http"],
      uris: ["/dispatch-server/echo"],
    });
    expect(readFileSync(join(cwd, "seen.yaml"), "utf8")).toMatch(
      /^kind: API\nname: echo\n(?!.*(READY|shadows|1a0f9a4e))/s,
    );
    expect(drafts(TMPDIR)).toEqual([]);
  });

  test("keeps its draft from others while it is open", async () => {
    const cwd = temporaryFolder({ "editor.sh": 'stat -c %a "$1" "$(dirname "$1")" > modes' });
    const { options } = await editing("sh editor.sh");
    await call(["edit", "api", "echo"], { ...options, cwd });
    expect(readFileSync(join(cwd, "modes"), "utf8")).toBe("600\n700\n");
  });

  test("sends nothing when nothing was changed", async () => {
    const { server, TMPDIR, options } = await editing("true --with 'an argument'");
    expect(await call(["edit", "apis", "echo"], options)).toEqual({
      status: 0,
      stdout: "Edit cancelled, no changes made.\n",
      stderr: "",
    });
    expect(server.requests).toHaveLength(1);
    expect(readdirSync(TMPDIR)).toEqual([]);
  });

  test.each([
    ["sed -i s/methods/metods/", /:\d+:1: unknown key "metods" in API; did you mean "methods"\?\n/],
    ["sed -i s/^name:.*/name:\\ other/", /:1:1: kind and name cannot be changed; this was API echo\n/],
    ["sh -c 'echo broken >> \"$0\"; exit 3'", /^the editor .* ended with 3\n/],
  ])("keeps the text when %s spoils it, and says where", async (editor, message) => {
    const { server, TMPDIR, options } = await editing(editor);
    const { status, stdout, stderr } = await call(["edit", "api", "echo"], options);
    expect({ status, stdout, requests: server.requests.length }).toEqual({ status: 1, stdout: "", requests: 1 });
    expect(stderr).toMatch(message);
    const path = /dispatch update -f (\S+)\n$/.exec(stderr)?.[1] ?? "";
    expect(path.startsWith(TMPDIR)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("keeps the text when the server refuses it", async () => {
    const refusal = { status: 400, body: { code: 400, message: "authentication no" } };
    const { options } = await editing("sed -i s/public/no/", endpoint, refusal);
    const { stderr } = await call(["edit", "api", "echo"], options);
    const path = /dispatch update -f (\S+)\n$/.exec(stderr)?.[1] ?? "";
    expect(stderr).toBe(
      `[Code: 400] authentication no\nYour text is kept: fix it, then run dispatch update -f ${path}\n`,
    );
    expect(readFileSync(path, "utf8")).toContain("authentication: no\n");
  });

  test("asks for the source of a function, and takes it from --source", async () => {
    const { server, options } = await editing("sed -i s/slack/other/", echo);
    const cwd = temporaryFolder({ "echo.js": "module.exports = () => 1;" });
    const without = await call(["edit", "function", "echo"], { ...options, cwd });
    expect(without.stderr).toMatch(/: Function lacks the key "sourcePath"\n/);
    const given = await call(["edit", "function", "echo", "--source", "echo.js"], { ...options, cwd });
    expect(given).toMatchObject({ status: 0, stdout: "Updated Function: echo\n" });
    expect(server.requests.at(-1)?.body).toMatchObject({ secrets: ["other"], source: expect.stringMatching(/^H4sI/) });
  });

  test("refuses a secret whose values are not shown: all would be lost", async () => {
    const { server, TMPDIR, options } = await editing("false", { kind: "Secret", name: "slack", tags: null });
    expect((await call(["edit", "secret", "slack"], options)).stderr).toMatch(
      /^the values of secret slack are not shown/,
    );
    expect(server.requests).toHaveLength(1);
    expect(existsSync(TMPDIR) && readdirSync(TMPDIR)).toEqual([]);
  });

  test.skipIf(isatty(0))("does not wait for keys where there is no terminal", async () => {
    const { TMPDIR, options } = await editing("");
    expect(await call(["edit", "api", "echo"], options)).toEqual({
      status: 1,
      stdout: "",
      stderr: "vi needs a terminal, and there is none: name an editor in EDITOR\n",
    });
    expect(readdirSync(TMPDIR)).toEqual([]);
  });

  test("names an editor that is not there, and what does not exist", async () => {
    const { options } = await editing("no-such-editor");
    expect((await call(["edit", "api", "echo"], options)).stderr).toBe(
      'the editor "no-such-editor" ended with 127; name one that is installed, like EDITOR=nano\n',
    );
    const server = await recordedServer(routes({}));
    expect((await call(["edit", "api", "echo"], server)).stderr).toBe("[Code: 404] resource does not exist\n");
    expect((await call(["edit", "functon", "echo"], server)).stderr).toContain("Did you mean this?\n\tfunction\n");
  });
});
