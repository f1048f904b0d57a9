/** Hostile Python packages: a source package whose build runs in the installer's sandbox and prepares what the server takes over. */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chownSync, existsSync, lstatSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createLocalBuilder } from "../../src/adapters/builder/local.ts";
import { findInterpreter } from "../../src/adapters/languages/languages.ts";
import { createSandbox } from "../../src/adapters/runtime/process/create-sandbox.ts";
import type { Sandbox } from "../../src/adapters/runtime/process/sandbox.ts";
import { BuildError, type BuiltImage } from "../../src/core/shared/ports.ts";
import { ignore, imageSpec } from "./builder.ts";
import { swapForLink } from "./folder-swap.ts";
import { findObstacle, silent, suiteName } from "./runtime-harness.ts";

const isRoot = process.getuid?.() === 0;
const ORDINARY_UID = 61_234;

async function findPipObstacle(): Promise<string | undefined> {
  const search = await findInterpreter("python3");
  if (!search.found) return search.reason;
  try {
    execFileSync(search.interpreter.command, ["-s", "-m", "pip", "--version"], { stdio: "ignore" });
    return findObstacle("isolated");
  } catch {
    return "pip is not on this machine";
  }
}

const obstacle = await findPipObstacle();

/** A build backend that does what the attack says, before it gives pip an ordinary wheel. */
const backend = (attack: string): string => `
import os, socket, zipfile
def build_wheel(folder, settings=None, metadata=None):
    attack()
    name = "hostile-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("hostile/__init__.py", "")
        wheel.writestr("hostile-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: hostile\\nVersion: 1.0\\n")
        wheel.writestr("hostile-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("hostile-1.0.dist-info/RECORD", "")
    return name
def attack():
    if os.path.lexists("/work/site-packages"): return
${attack.replace(/^/gm, "    ")}
`;

/** Makes `hostile-1.0.tar.gz` in the folder. It is built without any other package. */
function pack(folder: string, attack: string): void {
  const source = join(folder, "hostile-1.0");
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, "PKG-INFO"), "Metadata-Version: 2.1\nName: hostile\nVersion: 1.0\n");
  writeFileSync(
    join(source, "pyproject.toml"),
    '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
  );
  writeFileSync(join(source, "backend.py"), backend(attack));
  execFileSync("tar", ["-czf", `${source}.tar.gz`, "-C", folder, "hostile-1.0"]);
  rmSync(source, { recursive: true });
}

/** What nobody may find in an image. */
const REMAINS = `os.makedirs("/work/site-packages/x")
os.chdir("/work/site-packages/x")
for name in ("tool", "hidden"): open(name, "w")
os.chmod("tool", 0o6777)
os.chmod("hidden", 0)
os.mkfifo("pipe")
socket.socket(socket.AF_UNIX).bind("socket")
try: os.mknod("device", 0o020666, os.makedev(1, 1))
except OSError: open("no-device", "w")
os.symlink("/etc/shadow", "link")
os.chmod(".", 0o7777)`;

describe.skipIf(obstacle !== undefined)(suiteName("a hostile Python package", obstacle), () => {
  // Below /tmp, because there a package in its sandbox can make folders of the same paths.
  const dataDir = `/tmp/dispatch-pip-${randomUUID()}`;
  const folder = join(dataDir, "images");
  const victim = join(dataDir, "victim");
  let sandbox: Sandbox;
  /** What a package of another organization left. */
  let other: BuiltImage | BuildError;
  beforeAll(async () => {
    mkdirSync(dataDir, { mode: 0o700 });
    sandbox = await createSandbox({ mode: "bubblewrap", stateDir: join(dataDir, "state"), log: silent });
    other = await install("other", REMAINS);
  });
  afterAll(async () => {
    await sandbox.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  beforeEach(() => {
    mkdirSync(victim, { mode: 0o700 });
    writeFileSync(join(victim, "key"), "secret", { mode: 0o600 });
    if (isRoot) chownSync(join(victim, "key"), ORDINARY_UID, ORDINARY_UID);
    return () => rmSync(victim, { recursive: true });
  });

  /** All that could have been changed of a folder of the host. */
  const stateOf = (path: string): unknown[] =>
    ["", ...readdirSync(path)].map((name) => {
      const { mode, uid, mtimeMs } = lstatSync(join(path, name));
      return [name, mode, uid, mtimeMs];
    });

  /** Installs a package with this attack, for an organization of its own: the image, or why there is none. */
  async function install(organization: string, attack: string): Promise<BuiltImage | BuildError> {
    const packages = join(dataDir, "packages", organization);
    pack(packages, attack);
    // Nothing of this machine's own configuration: an index on the loopback would forbid that packages are built.
    const environment = {
      ...{ PATH: process.env.PATH, HOME: dataDir, PIP_CONFIG_FILE: "/dev/null" },
      ...{ PIP_NO_INDEX: "1", PIP_FIND_LINKS: packages },
    };
    const builder = createLocalBuilder({ folder, sandbox, log: silent, environment });
    return builder
      .build(imageSpec("python3", "--no-index\nhostile==1.0\n", organization), ignore)
      .catch((error: unknown) => {
        if (error instanceof BuildError) return error;
        throw error;
      });
  }

  const packagesOf = (image: BuiltImage | BuildError): string => {
    if (image instanceof BuildError) throw image;
    return join(folder, image.folder ?? "no folder", "site-packages");
  };

  const links = (): string[] =>
    readdirSync(folder)
      .map((name) => join(folder, name, "site-packages"))
      .filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink());

  /** In the sandbox the same path is a folder of its own /tmp, so that pip is content and ends well. */
  const linkTo = (path: string): string =>
    `os.makedirs(${JSON.stringify(path)}, exist_ok=True)\nos.symlink(${JSON.stringify(path)}, "/work/site-packages")`;

  test("that makes its output a link to another organization's image gives an image without packages", async () => {
    const path = packagesOf(other);
    const before = stateOf(path);
    const image = await install("thief", linkTo(path));
    expect(image).toMatchObject({ lock: "" });
    expect(image).not.toHaveProperty("folder");
    expect(stateOf(path)).toEqual(before);
    expect(links()).toEqual([]);
  });

  test("that makes it a link to /etc is refused", async () => {
    const modes = (): number[] => ["/etc", "/etc/passwd"].map((path) => lstatSync(path).mode);
    const before = modes();
    const error = await install("etc", linkTo("/etc"));
    expect(error).toBeInstanceOf(BuildError);
    expect(error).toMatchObject({ message: expect.stringContaining("pip install failed") });
    expect([modes(), existsSync("/etc/hostile")]).toEqual([before, false]);
    expect(readdirSync(join(folder, "incoming"))).toEqual([]);
  });

  test("that swaps its output for a link while it is taken changes nothing on the host", async () => {
    for (let index = 0; index < 500; index += 1) writeFileSync(join(victim, String(index)), "", { mode: 0o600 });
    const before = stateOf(victim);
    const swapping = swapForLink(folder, "site-packages", victim);
    await install(
      "swap",
      "os.mkdir('/work/site-packages')\nfor i in range(2000): open(f'/work/site-packages/{i}', 'w')",
    );
    await swapping.stop();
    expect(stateOf(victim)).toEqual(before);
    expect(links()).toEqual([]);
  });

  test("leaves no set-uid program, pipe, socket or device, and no folder that others may write", () => {
    const inImage = (name: string): string => join(packagesOf(other), "x", name);
    const modeOf = (name: string): number => statSync(inImage(name)).mode & 0o7777;
    expect(other).toMatchObject({ lock: "hostile==1.0\n" });
    expect(readdirSync(inImage(".")).sort()).toEqual(["hidden", "link", "no-device", "tool"]);
    expect([".", "tool", "hidden", "no-device"].map(modeOf)).toEqual([0o755, 0o755, 0o644, 0o644]);
    expect(lstatSync(inImage("link")).isSymbolicLink()).toBe(true); // a function sees where it leads in its own sandbox
  });
});
