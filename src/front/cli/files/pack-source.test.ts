import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../cli.fixture.ts";
import { packSource } from "./pack-source.ts";

const request = { name: "f", handler: "./a.js" };

/** The names in an archive, as the system's tar reads them. */
function namesIn(source: string): string[] {
  return unpacked(source, "-tzf").trimEnd().split("\n");
}

function unpacked(source: string, ...options: string[]): string {
  const path = join(temporaryFolder({}), "a.tgz");
  writeFileSync(path, Buffer.from(source, "base64"));
  return execFileSync("tar", [options[0] ?? "", path, ...options.slice(1)], { encoding: "utf8" });
}

describe("packSource", () => {
  test("packs a single file under its own name", async () => {
    const root = temporaryFolder({ "lib/hello.js": "module.exports = 1" });
    const source = await packSource({ ...request, path: "lib/hello.js", root });
    expect(namesIn(source)).toEqual(["./hello.js"]);
    expect(unpacked(source, "-xOzf", "./hello.js")).toBe("module.exports = 1");
  });

  test("packs a folder with its folders, without .git and what .dispatchignore names", async () => {
    const root = temporaryFolder({
      "a.js": "1",
      "lib/b.js": "2",
      "lib/b.log": "",
      "tmp/x": "",
      "keep.log": "",
      ".git/config": "",
      "node_modules/.cache/x": "",
      "node_modules/m/index.js": "",
      ".dispatchignore": "# mine\n*.log\n!keep.log\n/tmp/\n",
    });
    expect(namesIn(await packSource({ ...request, path: ".", root }))).toEqual([
      "./a.js",
      "./keep.log",
      "./lib/",
      "./lib/b.js",
      "./node_modules/",
      "./node_modules/m/",
      "./node_modules/m/index.js",
    ]);
  });

  test("keeps modes, long names, and makes the same of the same", async () => {
    const long = `${"deep-folder-name/".repeat(20)}file.js`;
    const root = temporaryFolder({ "run.sh": "#!/bin/sh\n", [long]: "x", "größe.js": "y" });
    chmodSync(join(root, "run.sh"), 0o755);
    const source = await packSource({ ...request, path: root, root: "/" });
    expect(namesIn(source)).toContain(`./${long}`);
    expect(unpacked(source, "-tvzf")).toMatch(/-rwxr-xr-x .* \.\/run\.sh/);
    expect(unpacked(source, "-xOzf", "./größe.js")).toBe("y");
    expect(await packSource({ ...request, path: root, root: "/" })).toBe(source);
  });

  test("follows links that stay inside", async () => {
    const root = temporaryFolder({ "lib/tool.js": "#!" });
    mkdirSync(join(root, "bin"));
    symlinkSync("../lib/tool.js", join(root, "bin/tool"));
    const source = await packSource({ ...request, path: root, root });
    expect(unpacked(source, "-xOzf", "./bin/tool")).toBe("#!");
  });

  test.each([
    ["/etc", "links to /etc, outside of the source folder: copy it in"],
    [".", "links in a circle"],
    ["nowhere", "links to nothing"],
  ])("refuses a link to %s with a sentence", async (target, message) => {
    const root = temporaryFolder({ "a.js": "" });
    symlinkSync(target, join(root, "link"));
    await expect(packSource({ ...request, path: root, root })).rejects.toThrow(message);
    writeFileSync(join(root, ".dispatchignore"), "link\n");
    expect(namesIn(await packSource({ ...request, path: root, root }))).toEqual(["./a.js"]);
  });

  test("refuses a pipe, a socket and a device by name, and never waits for one", async () => {
    const root = temporaryFolder({ "a.js": "" });
    execFileSync("mkfifo", [join(root, "in.pipe")]);
    const socket = createServer().listen(join(root, "app.sock"));
    await once(socket, "listening");
    onTestFinished(() => void socket.close());
    const packing = (path: string) => packSource({ ...request, path, root });
    await expect(packing(".")).rejects.toThrow(
      "./app.sock is a socket, which cannot be part of a function: remove it, or list it in .dispatchignore",
    );
    writeFileSync(join(root, ".dispatchignore"), "*.sock\n");
    await expect(packing(".")).rejects.toThrow("./in.pipe is a named pipe");
    await expect(packing("in.pipe")).rejects.toThrow(
      "in.pipe is a named pipe, which cannot be part of a function: name",
    );
    await expect(packing("/dev/zero")).rejects.toThrow("/dev/zero is a device");
    writeFileSync(join(root, ".dispatchignore"), "*.sock\n*.pipe\n");
    expect(namesIn(await packing("."))).toEqual(["./a.js"]);
  });

  test("refuses an empty folder", async () => {
    await expect(packSource({ ...request, path: ".", root: temporaryFolder({}) })).rejects.toThrow("empty folder");
  });

  test("packs a folder while an editor puts other files in the place of its files", async () => {
    const root = temporaryFolder({ "a.js": "0", "b/c.js": "1" });
    const saves = "while :; do echo 1 > a.js.swp; mv a.js.swp a.js; echo 2 > b/~c.js; mv b/~c.js b/c.js; done";
    const editor = spawn("sh", ["-c", saves], { cwd: root, stdio: "ignore" });
    try {
      for (let times = 0; times < 30; times++)
        expect(namesIn(await packSource({ ...request, path: root, root }))).toEqual(
          expect.arrayContaining(["./a.js", "./b/", "./b/c.js"]),
        );
    } finally {
      editor.kill("SIGKILL");
    }
  });

  test("packs bytes as they are", async () => {
    const root = temporaryFolder({});
    const bytes = Buffer.from([0, 255, 10, 13, 128]);
    writeFileSync(join(root, "b.bin"), bytes);
    const source = await packSource({ ...request, path: "b.bin", root });
    const target = temporaryFolder({});
    writeFileSync(join(target, "a.tgz"), Buffer.from(source, "base64"));
    execFileSync("tar", ["-xzf", join(target, "a.tgz"), "-C", target]);
    expect(readFileSync(join(target, "b.bin"))).toEqual(bytes);
  });
});
