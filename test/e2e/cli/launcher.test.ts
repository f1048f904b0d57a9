/** The launcher: finds its installation through links, says what is missing, keeps out of the way. */
import { copyFile, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { programPath, runCommand } from "../support/command-line.ts";
import { temporaryFolder } from "../support/server.ts";

async function folder(): Promise<string> {
  const made = await temporaryFolder();
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

test("starts through a chain of links, from anywhere, without noise", async () => {
  const cwd = await folder();
  await mkdir(join(cwd, "my bin"));
  await symlink(programPath, join(cwd, "my bin/one"));
  await symlink("one", join(cwd, "my bin/dispatch"));
  const { status, stdout, stderr } = await runCommand(["help"], { cwd, program: join(cwd, "my bin/dispatch") });
  expect(stdout).toContain("Usage:\n  dispatch [command]\n");
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test("reads extra certificates only for https, and says when they are not there", async () => {
  const cwd = await folder();
  const environment = { NODE_EXTRA_CA_CERTS: join(cwd, "none.pem"), DISPATCH_PORT: "1" };
  expect((await runCommand(["get", "functions"], { cwd, environment })).stderr).toMatch(/ECONNREFUSED.*\n$/);
  const secure = await runCommand(["get", "functions", "--scheme", "https"], { cwd, environment });
  expect(secure.stderr).toContain("none.pem");
});

test("a SOCKS proxy brings no remark of Node about experiments", async () => {
  const environment = { http_proxy: "socks5://127.0.0.1:1" };
  const { stderr } = await runCommand(["create", "-f", "http://nosuch.invalid/x.yaml"], {
    cwd: await folder(),
    environment,
  });
  expect(stderr).toMatch(/^a proxy that speaks socks5 cannot be used[^\n]*\n$/);
});

test("says how to set up an installation that is not built yet", async () => {
  const cwd = await folder();
  await mkdir(join(cwd, "bin"));
  const program = join(cwd, "bin/dispatch");
  await copyFile(programPath, program);
  expect(await runCommand([], { cwd, program })).toEqual({
    status: 1,
    stdout: "",
    stderr: `dispatch is not set up yet: run 'npm run setup' in ${cwd}\n`,
  });
});

test("refuses an older Node.js with a sentence", async () => {
  const cwd = await folder();
  for (const name of ["bin", "dist/cli", "path"]) await mkdir(join(cwd, name), { recursive: true });
  const program = join(cwd, "bin/dispatch");
  await copyFile(programPath, program);
  await writeFile(join(cwd, "dist/cli/main.cjs"), "console.log('started')");
  await writeFile(join(cwd, "path/node"), "#!/bin/sh\necho 20\n", { mode: 0o755 });
  const environment = { PATH: `${join(cwd, "path")}:/usr/bin:/bin` };
  expect(await runCommand([], { cwd, program, environment })).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("dispatch needs Node.js 26 or later"),
  });
});

test("a call waits for no module of Node that it does not use", async () => {
  const cwd = await folder();
  const told = join(cwd, "modules.json");
  const hook = `process.on("exit", () => require("fs").writeFileSync(${JSON.stringify(told)}, JSON.stringify(process.moduleLoadList)));`;
  await writeFile(join(cwd, "hook.cjs"), hook);
  const environment = { NODE_OPTIONS: `--require ${join(cwd, "hook.cjs")}` };
  const { stderr } = await runCommand(["get", "functions", "--port", "1"], { cwd, environment });
  expect(stderr).toContain("nothing listens there");
  const loaded = JSON.parse(await readFile(told, "utf8")) as string[];
  expect(loaded).toContain("NativeModule net");
  const needless = [
    "http",
    "crypto",
    "tls",
    "readline",
    "child_process",
    "zlib",
    "os",
    "fs/promises",
    "timers/promises",
  ];
  expect(needless.filter((name) => loaded.includes(`NativeModule ${name}`))).toEqual([]);
});
