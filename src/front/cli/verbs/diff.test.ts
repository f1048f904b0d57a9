import { describe, expect, test } from "vitest";
import { call, recordedServer, routes, temporaryFolder } from "../cli.fixture.ts";

const endpoint = {
  authentication: "public",
  cors: true,
  enabled: true,
  function: "echo",
  hosts: null,
  kind: "API",
  methods: ["POST"],
  name: "echo",
  protocols: ["http"],
  status: "READY",
  tags: null,
  uris: ["/dispatch-server/echo"],
};

const secret = { kind: "Secret", name: "slack", secrets: { signingSecret: "hunter2", other: "same" }, tags: null };

const same =
  "kind: API\nname: echo\nfunction: echo\nenabled: yes\ncors: on\nmethods: [post]\nprotocols: [http]\nuris: [echo]\n";

async function compare(files: Readonly<Record<string, string>>, ...words: string[]) {
  const server = await recordedServer(
    routes({
      "GET /v1/api/echo": { status: 200, body: endpoint },
      "GET /v1/secret/slack": { status: 200, body: secret },
    }),
  );
  return call(["diff", "-f", "all.yaml", ...words], { ...server, cwd: temporaryFolder(files) });
}

describe("diff", () => {
  test("finds no difference where the server would have made the same of it", async () => {
    expect(await compare({ "all.yaml": same })).toEqual({ status: 0, stdout: "", stderr: "" });
  });

  test("shows what apply would change, and exits with 1", async () => {
    expect(await compare({ "all.yaml": same.replace("[post]", "[post, get]").replace("cors: on\n", "") })).toEqual({
      status: 1,
      stdout: `--- server/api/echo
+++ all.yaml/api/echo
@@ -1,10 +1,10 @@
 kind: API
 name: echo
-cors: true
 enabled: true
 function: echo
 methods:
   - POST
+  - GET
 protocols:
   - http
 uris:
`,
      stderr: "",
    });
  });

  test("shows what is not there yet as new, and names it with -o name", async () => {
    const files = { "all.yaml": `${same}---\nkind: Organization\nname: team\n` };
    expect((await compare(files)).stdout).toBe(
      "--- server/organization/team\n+++ all.yaml/organization/team\n@@ -0,0 +1,2 @@\n+kind: Organization\n+name: team\n",
    );
    expect((await compare(files, "-o", "name")).stdout).toBe("Organization/team\n");
    expect(JSON.parse((await compare(files, "-o", "json")).stdout)).toMatchObject([
      { kind: "Organization", name: "team", change: "create" },
    ]);
  });

  test("says that the value of a secret differs, never which it is", async () => {
    const text = "kind: Secret\nname: slack\nsecrets:\n  signingSecret: s3cret\n  other: same\n";
    const { stdout, status } = await compare({ "all.yaml": text });
    expect(stdout).toContain("-  signingSecret: <hidden>\n+  signingSecret: <hidden, another value>\n");
    expect(stdout).not.toMatch(/hunter2|s3cret/);
    expect(status).toBe(1);
  });

  test("keeps a description and an owner that the file does not name, and shows others", async () => {
    const body = { ...endpoint, description: "for books", owner: "team-cloud" };
    const server = await recordedServer(routes({ "GET /v1/api/echo": { status: 200, body } }));
    const outcome = (text: string) =>
      call(["diff", "-f", "all.yaml"], { ...server, cwd: temporaryFolder({ "all.yaml": text }) });
    expect(await outcome(same)).toEqual({ status: 0, stdout: "", stderr: "" });
    expect((await outcome(`${same}owner: team-b\ndescription: ""\n`)).stdout).toMatch(
      /^-description: for books$.*^-owner: team-cloud$\n^\+owner: team-b$/ms,
    );
  });

  test("exits with 2 when it cannot compare", async () => {
    expect(await compare({ "all.yaml": "kind: Apy\nname: x\n" })).toEqual({
      status: 2,
      stdout: "",
      stderr: 'all.yaml:1:7: unknown kind "Apy"; did you mean API?\n',
    });
    expect(await compare({})).toMatchObject({ status: 2, stderr: expect.stringMatching(/^all.yaml: no such file/) });
    expect((await call(["diff"])).status).toBe(2);
    const cwd = temporaryFolder({ "all.yaml": same });
    const unreachable = await call(["diff", "-f", "all.yaml", "--port", "1"], { cwd });
    expect(unreachable).toMatchObject({ status: 2, stderr: expect.stringContaining("ECONNREFUSED") });
  });
});
