import { execFile } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test, vi } from "vitest";
import { defaultInstallLimits, type InstallLimits } from "../../src/adapters/builder/installation.ts";
import { createLocalBuilder } from "../../src/adapters/builder/local.ts";
import { findNpm } from "../../src/adapters/installers/npm-location.ts";
import { findInterpreter } from "../../src/adapters/languages/languages.ts";
import { createSandbox } from "../../src/adapters/runtime/process/create-sandbox.ts";
import type { Builder } from "../../src/core/shared/ports.ts";
import { builderContract, ignore, imageSpec } from "./builder.ts";
import { swapForLink } from "./folder-swap.ts";

const run = promisify(execFile);
const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const dataDir = mkdtempSync(join(tmpdir(), "dispatch-builder-"));
const folder = join(dataDir, "images");

async function hasBubblewrap(): Promise<boolean> {
  const asked = ["--unshare-user", "--ro-bind", "/", "/", "true"];
  return run("bwrap", asked).then(
    () => true,
    () => false,
  );
}

/** Asks for a tiny package with the ordinary client: what it cannot fetch, the builder cannot either. */
async function unreachable(command: string, args: readonly string[]): Promise<string | undefined> {
  return run(command, args, { cwd: dataDir, timeout: 120_000 }).then(
    () => undefined,
    (error: Error) => `packages cannot be fetched here: ${error.message.split("\n")[1] ?? error.message}`,
  );
}

async function npmUnreachable(): Promise<string | undefined> {
  const npm = findNpm(process.env);
  if (npm === undefined) return "npm is not on this machine";
  return unreachable(process.execPath, [join(npm, "bin/npm-cli.js"), "view", "is-odd", "version", "--fetch-retries=0"]);
}

async function pipUnreachable(): Promise<string | undefined> {
  const search = await findInterpreter("python3");
  if (!search.found) return search.reason;
  return unreachable(search.interpreter.command, [
    "-m",
    "pip",
    "download",
    "--no-deps",
    "--retries=0",
    "-d",
    dataDir,
    "six",
  ]);
}

const offline = await pipUnreachable();
const isSandboxed = await hasBubblewrap();
const sandbox = await createSandbox({
  mode: isSandboxed ? "bubblewrap" : "none",
  stateDir: join(dataDir, "state"),
  log,
});
const openBuilder = (limits: Partial<InstallLimits> = {}, network?: "host"): Builder =>
  createLocalBuilder({ folder, sandbox, log, limits, ...(network === undefined ? {} : { network }) });
const shared = openBuilder();

afterAll(async () => {
  await sandbox.close();
  rmSync(dataDir, { recursive: true, force: true });
});

builderContract(isSandboxed ? "local" : "local (without bubblewrap)", () => shared, openBuilder, folder, [
  {
    language: "nodejs",
    emptyManifests: ["", "  \n", "{}", '{"name":"x","dependencies":{}}'],
    tiny: {
      manifest: '{"dependencies":{"is-odd":"3.0.1"}}',
      file: "node_modules/is-odd/index.js",
      lock: '"node_modules/is-number"',
    },
    missing: {
      manifest: '{"dependencies":{"is-odd":"99.99.99"}}',
      complaint: "npm error notarget No matching version found for is-odd@99.99.99",
    },
    unreachable: await npmUnreachable(),
  },
  {
    language: "python3",
    emptyManifests: ["", "\n\n", "# nothing\n  # yet\n"],
    tiny: { manifest: "six==1.16.0\n", file: "site-packages/six.py", lock: "six==1.16.0\n" },
    missing: { manifest: "six==99.99.99\n", complaint: "ERROR: No matching distribution found for six==99.99.99" },
    unreachable: offline,
  },
]);

describe("the local builder", () => {
  test.each([
    ["{oops", "this is not JSON"],
    ["[]", "a JSON object was expected"],
  ])("refuses the package.json %j with a sentence", async (manifest, message) => {
    await expect(shared.build(imageSpec("nodejs", manifest), ignore)).rejects.toThrow(message);
  });

  test.skipIf(offline !== undefined)(
    `gives Python images the setuptools of the published base image${offline === undefined ? "" : ` (SKIPPED: ${offline})`}`,
    async () => {
      const { lock } = await shared.build(imageSpec("python3", "six==1.16.0"), ignore);
      const [, major = ""] = /^setuptools==(\d+)\./m.exec(lock) ?? [];
      expect(Number(major)).toBeGreaterThan(60);
      expect(Number(major)).toBeLessThan(81);
    },
  );

  test("says how system packages get onto the machine", async () => {
    const spec = { ...imageSpec("python3", ""), systemPackages: [{ name: "libpq5" }, { name: "gcc", version: "12" }] };
    await expect(shared.build(spec, ignore)).rejects.toThrow("apt-get install libpq5 gcc");
  });

  test.each(["java", "powershell"] as const)("says truthfully that %s cannot run here, if so", async (language) => {
    if ((await findInterpreter(language)).found) return;
    expect(await shared.check({ image: "any", language })).toMatchObject({
      available: false,
      reason: expect.any(String),
      remedy: expect.any(String),
    });
    await expect(shared.build(imageSpec(language, ""), ignore)).rejects.toThrow("Remedy:");
  });

  test.each([
    ["--no-binary :all:\nsix", "is not a plain requirement"],
    ["six @ git+https://example.org/six", "is not a plain requirement"],
    ["six \\\n--no-binary\nx", "is not a plain requirement"],
    ["-e .", "names a file"],
    ["six \\\n--no-binary\n./x", "names a file"],
  ])(
    "refuses to build %j on the host's network, from which a build could reach the server",
    async (manifest, words) => {
      const building = openBuilder({}, "host").build(imageSpec("python3", manifest), ignore);
      await expect(building).rejects.toThrow(words);
    },
  );

  test("removes what a server that died left half-done", async () => {
    const left = join(folder, "incoming", "half", "work");
    mkdirSync(left, { recursive: true });
    writeFileSync(join(left, "file"), "");
    if (isRoot) chownSync(left, 1_900_000_000, 1_900_000_000);
    openBuilder();
    await vi.waitFor(() => expect(existsSync(join(folder, "incoming", "half"))).toBe(false), { timeout: 5000 });
  });
});

const isRoot = process.getuid?.() === 0;
const npmMissing = findNpm(process.env) === undefined;
const skipScripts = !isSandboxed || npmMissing;

describe.skipIf(skipScripts)(`install scripts${skipScripts ? " (SKIPPED: bubblewrap or npm is missing)" : ""}`, () => {
  async function runScript(script: string, limits: Partial<InstallLimits> = {}, network?: "host") {
    const lines: string[] = [];
    const builder = openBuilder(limits, network);
    const image = await builder.build(imageSpec("nodejs", JSON.stringify({ scripts: { install: script } })), (line) =>
      lines.push(line),
    );
    return { image, text: lines.join("\n") };
  }

  test("see neither the server's files nor its environment", async () => {
    const secretPath = join(dataDir, "master.key");
    writeFileSync(secretPath, "top-secret-file");
    chmodSync(secretPath, 0o644);
    process.env.SERVER_TOKEN = "top-secret-variable";
    const { text } = await runScript(`cat ${secretPath} /etc/shadow /proc/1/environ; env; ls /root /home; echo done`);
    delete process.env.SERVER_TOKEN;
    expect(text).toContain("done");
    expect(text).not.toContain("top-secret");
    expect(text).not.toContain("root:");
  });

  test("cannot make the server read a file through a link", async () => {
    const { image } = await runScript(
      "rm -f package-lock.json && ln -s /etc/passwd package-lock.json && ln -s /etc node_modules",
    );
    expect(image.lock).toBe("");
    expect(image.folder).toBeUndefined();
  });

  test("cannot leave set-uid programs, pipes or folders that others may write", async () => {
    const { image } = await runScript(
      "mkdir -p node_modules/x && cp /bin/true node_modules/x/tool && chmod 6777 node_modules/x/tool node_modules/x && mkfifo node_modules/x/pipe",
    );
    const inImage = (name: string) => lstatSync(join(folder, image.folder ?? "", "node_modules/x", name)).mode & 0o7777;
    expect([inImage("."), inImage("tool")]).toEqual([0o755, 0o755]);
    expect(readdirSync(join(folder, image.folder ?? "", "node_modules/x"))).toEqual(["tool"]);
  });

  test("that leave pipes, closed folders and strange names behind leave nothing", async () => {
    await runScript("mkdir -p a/b; touch 'a/b/x\\ny' a/-f; chmod 000 a/b a; mkfifo p; exit 3");
    expect(readdirSync(join(folder, "incoming"))).toEqual([]);
  });

  test("that make too many files are ended or refused, and leave nothing behind", async () => {
    expect(defaultInstallLimits.entries).toBeLessThan(150_000);
    const making = "mkdir node_modules && cd node_modules && seq 4000 | xargs touch";
    await expect(runScript(making, { entries: 1000 })).rejects.toThrow("wrote more than 1000 files and folders");
    await expect(runScript(`${making} && sleep 1000`, { entries: 1000 })).rejects.toThrow(
      "wrote more than 1000 files and folders and was ended",
    );
    expect(readdirSync(join(folder, "incoming"))).toEqual([]);
  });

  test("that nest folders deeper than a path can name are refused, and leave nothing behind", async () => {
    const script =
      "mkdir node_modules; cd node_modules; node -e 'for (let i = 0; i < 800; i++) { fs.mkdirSync(`folder`); process.chdir(`folder`); }'";
    await expect(runScript(script)).rejects.toThrow("npm install wrote folders that nest more than 256 levels");
    expect(readdirSync(join(folder, "incoming"))).toEqual([]);
  });

  test("that swap their output for a link while it is taken change nothing on the host", async () => {
    const victim = join(dataDir, "victim");
    mkdirSync(victim, { mode: 0o700 });
    const names = Array.from({ length: 2000 }, (_, index) => String(index + 1));
    for (const name of names) writeFileSync(join(victim, name), "secret", { mode: 0o600 });
    chownSync(join(victim, "1"), 61_234, 61_234);
    const swapping = swapForLink(folder, "node_modules", victim);
    await runScript("mkdir -p node_modules; cd node_modules; seq 2000 | xargs touch").catch(ignore);
    await swapping.stop();
    expect(names.filter((name) => (lstatSync(join(victim, name)).mode & 0o7777) !== 0o600)).toEqual([]);
    expect([lstatSync(join(victim, "1")).uid, lstatSync(victim).mode & 0o7777]).toEqual([61_234, 0o700]);
    for (const name of readdirSync(folder).filter((entry) => existsSync(join(folder, entry, "node_modules")))) {
      expect(lstatSync(join(folder, name, "node_modules")).isDirectory()).toBe(true);
    }
  });

  test("do not run on the host's network, from which they could reach the server", async () => {
    const { text } = await runScript("echo it ran", {}, "host");
    expect(text).not.toContain("it ran");
  });

  test("of the manifest itself that fail say so, are left out, and leave nothing behind", async () => {
    const { text } = await runScript("echo the compiler is missing >&2; exit 3");
    expect(text).toContain("the compiler is missing");
    expect(text).toContain("script install does not work without its files (exit code 3)");
    expect(readdirSync(join(folder, "incoming"))).toEqual([]);
  });

  test("that never end are ended", async () => {
    await expect(runScript("sleep 1000", { milliseconds: 1500 })).rejects.toThrow(
      "npm install took longer than 1.5 s and was ended",
    );
  });

  test("that fill the disk are ended", async () => {
    const filling = "dd if=/dev/zero of=big bs=1M count=400 conv=fsync 2>&1; sleep 1000";
    await expect(runScript(filling, { space: 100 })).rejects.toThrow(
      "npm install wrote more than 100 MB and was ended",
    );
    expect(readdirSync(join(folder, "incoming"))).toEqual([]);
  });

  test("that leave too large an image are refused", async () => {
    const filling = "mkdir node_modules && dd if=/dev/zero of=node_modules/big bs=1M count=3 status=none";
    await expect(runScript(filling, { space: 2 })).rejects.toThrow("npm install wrote more than 2 MB");
  });
});
