/** One hostile npm package: what its install script tries while it is installed, and what it leaves behind. */
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "../../e2e/support/dispatch.ts";
import { until } from "../../e2e/support/until.ts";
import { processesCalled } from "../../escapes/support.ts";
import { attacksOf, judge, nothingOf } from "../attack.ts";
import type { Target } from "../target.ts";

interface Image {
  readonly status: string;
  readonly reason: readonly string[] | null;
}

/** Builds an image whose manifest has this install script; how it ended. */
async function install(target: Target, script: string): Promise<Image & { readonly name: string }> {
  const name = target.name("hostile");
  const manifest = JSON.stringify({ scripts: { install: script } });
  const body = { name, baseImageName: "nodejs-base", runtimeDependencies: { manifest } };
  const { status, text } = await target.admin.post("/v1/image", body);
  if (status !== 201) return { name, status: "refused", reason: [text] };
  return until(
    `image ${name} is built`,
    async () => {
      const image = parse<Image>(await target.admin.get(`/v1/image/${name}`));
      return image.status === "READY" || image.status === "ERROR" ? { name, ...image } : undefined;
    },
    85_000,
  );
}

/** A script in Node.js as an argument of sh, whatever is in it. */
const inNode = (source: string): string =>
  `node -e "eval(Buffer.from('${Buffer.from(source).toString("base64")}', 'base64').toString())"`;

const incoming = (target: Target): string[] => {
  const folder = join(target.server.dataDir, "images", "incoming");
  return existsSync(folder) ? readdirSync(folder) : [];
};

/** What such a script found, a list: it leaves that in the image, where a function reads it. */
async function findings(target: Target, body: string): Promise<unknown[]> {
  const script = inNode(`(async () => {
    const found = [];
    ${body}
    fs.mkdirSync("node_modules/loot", { recursive: true });
    fs.writeFileSync("node_modules/loot/found.json", JSON.stringify(found));
  })()`);
  const { status, name, reason } = await install(target, script);
  if (status !== "READY") throw new Error(`the hostile package was not installed: ${reason?.join()}`);
  const read = 'module.exports = () => require("loot/found.json");';
  return (await target.outputOf("nodejs", read, null, { image: name })) as unknown[];
}

export const packages = attacksOf("packages", {
  "read the server's files, environment and processes while it is installed": async (target) => {
    const { dataDir } = target.server;
    const paths = ["admin-token", "master.key", "dispatch.db"].map((name) => join(dataDir, name));
    const loot = await findings(
      target,
      `for (const path of ${JSON.stringify([...paths, "/etc/shadow", "/proc/1/environ", "/proc/1/mem"])})
        try { fs.readFileSync(path); found.push(path); } catch {}
      for (const [name, value] of Object.entries(process.env)) if (/token|secret/i.test(name) && value !== "") found.push(name);`,
    );
    return nothingOf(loot, "nothing of it is there");
  },

  "leave a process behind that outlives the installation": async (target) => {
    const seconds = `${1_300_000 + process.pid}.5`;
    const begun = performance.now();
    await install(
      target,
      `setsid nohup sleep ${seconds} >/dev/null 2>&1 & mkdir node_modules; echo 1 > node_modules/a.js`,
    );
    const took = Math.round(performance.now() - begun);
    return nothingOf(processesCalled(`sleep ${seconds}`), `ended with the installation, after ${took} ms`);
  },

  "put a link to the host's root in the place of node_modules": async (target) => {
    const made = await install(target, "rm -rf node_modules && ln -s / node_modules");
    if (made.status !== "READY") return judge(true, `refused: ${made.reason?.join()}`);
    const source = `const fs = require("node:fs");
      module.exports = () => ["/node_modules/etc/shadow", "/image/node_modules/etc/shadow", "/node_modules/root", "/node_modules/proc/1/environ"]
        .filter((path) => { try { fs.accessSync(path); return true; } catch { return false; } });`;
    const output = await target.outputOf("nodejs", source, null, { image: made.name });
    return nothingOf(output as string[], "the image is there, and has nothing of the host");
  },

  "rename node_modules away for a link while it is taken": async (target) => {
    const victim = mkdtempSync(join(tmpdir(), "dispatch-victim-"));
    try {
      mkdirSync(join(victim, "closed"), { mode: 0o700 });
      writeFileSync(join(victim, "key"), "secret", { mode: 0o600 });
      const swapping = `const fs = require("node:fs");
        fs.mkdirSync("node_modules/a", { recursive: true }); fs.writeFileSync("node_modules/a/index.js", "");
        try { fs.symlinkSync(${JSON.stringify(victim)}, "kept"); } catch {}
        for (;;) try { fs.renameSync("node_modules", "away"); fs.renameSync("kept", "node_modules"); fs.renameSync("node_modules", "kept"); fs.renameSync("away", "node_modules"); } catch {}`;
      const daemon = inNode(
        `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(swapping)}], { detached: true, stdio: "ignore" }).unref(); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)`,
      );
      await install(target, daemon);
      const changed = [
        (statSync(join(victim, "closed")).mode & 0o7777) !== 0o700 && "the mode of a folder",
        (statSync(join(victim, "key")).mode & 0o7777) !== 0o600 && "the mode of a file",
        statSync(join(victim, "key")).uid !== process.getuid?.() && "the owner of a file",
      ].filter(Boolean);
      return nothingOf(changed, "nothing on the host was changed");
    } finally {
      rmSync(victim, { recursive: true, force: true });
    }
  },

  "leave a program with set-user-id bits": async (target) => {
    const { status, name } = await install(
      target,
      "mkdir -p node_modules/x && cp /bin/true node_modules/x/tool && chmod 6777 node_modules/x/tool",
    );
    const images = join(target.server.dataDir, "images");
    const tools = readdirSync(images, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith("x/tool"));
    const loose = tools.filter((path) => (lstatSync(join(images, path)).mode & 0o6022) !== 0);
    return nothingOf(loose, `image ${name} is ${status}, its bits are gone`);
  },

  "take the machine's inodes with 150,000 files": async (target) => {
    const { status, reason } = await install(
      target,
      "mkdir node_modules && cd node_modules && seq 150000 | xargs touch",
    );
    return judge(
      status === "ERROR" && incoming(target).length === 0,
      `${reason?.join()}; ${incoming(target).length} left`,
    );
  },

  "nest folders so deep that nobody can remove them": async (target) => {
    const source =
      'fs.mkdirSync("node_modules"); process.chdir("node_modules"); for (let i = 0; i < 3000; i++) { fs.mkdirSync("d"); process.chdir("d"); }';
    const { status, reason } = await install(target, inNode(source));
    return judge(
      status === "ERROR" && incoming(target).length === 0,
      `${reason?.join()}; ${incoming(target).length} left`,
    );
  },

  "call the server while it is installed": async (target) => {
    const url = target.server.api.replace("localhost", "127.0.0.1");
    const answers = await findings(
      target,
      `const headers = { cookie: "cookie", "x-dispatch-org": "dispatch-server", "content-type": "application/json" };
      for (const [method, path] of [["GET", "/v1/secret"], ["GET", "/v1/runs"], ["POST", "/v1/runs?functionName=x"]])
        try { found.push((await fetch("${url}" + path, { method, headers, ...(method === "POST" ? { body: "{}" } : {}) })).status); } catch { found.push("none"); }`,
    );
    const entered = answers.filter((status) => status !== "none" && status !== 401);
    return judge(answers.length === 3 && entered.length === 0, `answers: ${answers.join(", ")}`);
  },
});
