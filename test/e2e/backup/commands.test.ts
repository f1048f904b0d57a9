/** The words that may stand behind `dispatch-server`. */
import { expect, test } from "vitest";
import { runServer, startServer } from "../support/server.ts";

test("config prints what is in force and where it comes from, and starts nothing", async () => {
  const { code, stdout } = await runServer(["config", "--data-dir", "/nonexistent/data"], { DISPATCH_HOST: "0.0.0.0" });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^SETTING +VALUE +FROM$/m);
  expect(stdout).toMatch(/^data-dir +\/nonexistent\/data +--data-dir$/m);
  expect(stdout).toMatch(/^db-file +\/nonexistent\/data\/dispatch\.db +default$/m);
  expect(stdout).toMatch(/^host +0\.0\.0\.0 +DISPATCH_HOST$/m);
  expect(stdout).toMatch(/^auth +token +default$/m);
});

test("config -o json is for programs", async () => {
  const { stdout } = await runServer(["config", "-o", "json", "--port=9000"]);
  expect(JSON.parse(stdout)).toContainEqual({ name: "port", value: 9000, origin: "flag", source: "--port" });
});

test.each(["config", "backup", "restore"])("%s explains itself with an example", async (command) => {
  const { code, stdout } = await runServer([command, "--help"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`^Examples:\\n  dispatch-server ${command}`, "m"));
});

test("a setting without effect is named once in the log, without its value, and the server starts all the same", async () => {
  const server = await startServer({ flags: ["--registry-auth", "c2VjcmV0"] });
  await server.dispose();
  const lines = server.log.filter(({ msg }) => msg.startsWith("--registry-auth has no effect here: "));
  expect(lines.map(({ level }) => level)).toEqual([40]);
  expect(JSON.stringify(server.log)).not.toContain("c2VjcmV0");
});
