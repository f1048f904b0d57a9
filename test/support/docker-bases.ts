/** Base images made of this machine's interpreters, with servers that speak the published ones' protocol: nothing is pulled. */
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "../../src/adapters/docker/engine.ts";
import { attempted } from "../../src/adapters/docker/engine-attempts.ts";
import { findInterpreter } from "../../src/adapters/languages/languages.ts";
import type { Language } from "../../src/core/shared/ports.ts";
import { providePowerShell } from "./powershell.ts";

const FIXTURES = fileURLToPath(new URL("../fixtures/docker", import.meta.url));
const JAVA_GUEST = fileURLToPath(new URL("../../src/guest/java/dispatch/guest", import.meta.url));
const SYSTEM = "tests/system:1";

export const baseImage = (language: Language): string => `tests/${language}-base:1`;

/** Why no base image of the language can be made here; undefined when it can. */
export const findBaseObstacle = async (language: "java" | "powershell"): Promise<string | undefined> => {
  const missing = language === "powershell" ? providePowerShell() : undefined;
  if (missing !== undefined) return missing;
  const search = await findInterpreter(language);
  if (!search.found) return search.reason;
  if (language === "java" && !existsSync(join(dirname(search.interpreter.command), "../jmods")))
    return `the JDK of ${search.interpreter.command} has no jmods, of which its image is linked`;
  return undefined;
};

const copy = (source: string, root: string, as = source): void => {
  const target = join(root, as);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(realpathSync(source), target);
};

const copyLibraries = (program: string, root: string): void => {
  const libraries = execFileSync("ldd", [program])
    .toString()
    .matchAll(/(?:=> )?(\/\S+) \(0x/g);
  for (const [, library = ""] of libraries)
    if (!library.startsWith(root) && !existsSync(join(root, library))) copy(library, root);
};

/** The program and the libraries that it is linked with. */
const copyProgram = (program: string, root: string, as: string): void => {
  copy(program, root, as);
  copyLibraries(program, root);
};

const pythonLibrary = (): string =>
  execFileSync("/usr/bin/python3", ["-c", "import sysconfig; print(sysconfig.get_path('stdlib'))"], {
    encoding: "utf8",
  }).trim();

/** What every base image has: a shell, Node.js, on which the outer server runs, and Python. */
const makeSystem = async (root: string): Promise<void> => {
  copyProgram("/bin/sh", root, "/bin/sh");
  copyProgram(process.execPath, root, "/usr/bin/node");
  copyProgram("/usr/bin/python3", root, "/usr/bin/python3");
  const library = pythonLibrary();
  cpSync(library, join(root, library), {
    recursive: true,
    filter: (path) => !/\/(__pycache__|test|idlelib|tkinter|ensurepip|dist-packages|config-[^/]*)$/.test(path),
  });
  mkdirSync(join(root, "tmp"), { mode: 0o1777 });
};

const commandOf = async (language: Language): Promise<string> => {
  const search = await findInterpreter(language);
  if (!search.found) throw new Error(search.reason);
  return search.interpreter.command;
};

/** The parts of the JDK that compile and serve a function, and the server. */
const makeJava = async (root: string): Promise<void> => {
  const bin = dirname(await commandOf("java"));
  const home = join(root, "opt/java");
  const modules = ["--add-modules", "java.base,jdk.compiler,jdk.httpserver", "--no-man-pages", "--no-header-files"];
  execFileSync(join(bin, "jlink"), [...modules, "--output", home]);
  for (const file of ["bin/java", "lib/libzip.so", "lib/server/libjvm.so"]) copyLibraries(join(home, file), root);
  const parts = ["Handler", "Loader", "Mapping", "Json", "Failure", "Spring"];
  const server = parts.map((name) => join(JAVA_GUEST, `${name}.java`));
  const classes = join(root, "opt/server");
  execFileSync(join(bin, "javac"), ["-nowarn", "-d", classes, ...server, join(FIXTURES, "server/Server.java")]);
};

const makePowerShell = async (root: string): Promise<void> => {
  const folder = dirname(await commandOf("powershell"));
  cpSync(folder, join(root, "opt/powershell"), { recursive: true });
  for (const file of ["pwsh", "libcoreclr.so", "libclrjit.so", "libSystem.Native.so"])
    copyLibraries(join(folder, file), root);
  mkdirSync(join(root, "usr/bin"), { recursive: true });
  symlinkSync("/opt/powershell/pwsh", join(root, "usr/bin/pwsh"));
  // PowerShell does not start when its user has no name.
  mkdirSync(join(root, "etc"));
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/tmp:/bin/sh\n");
};

interface Recipe {
  /** How its inner server is started; a handler or --validate follows. */
  readonly server: string;
  /** What it has beyond every other. */
  readonly make?: (root: string) => Promise<void>;
}

const RECIPES: Readonly<Record<Language, Recipe>> = {
  nodejs: { server: "node /server/nodejs.mjs" },
  python3: { server: "python3 /server/python3.py" },
  java: {
    server: "/opt/java/bin/java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp /opt/server dispatch.guest.Server",
    make: makeJava,
  },
  powershell: { server: "pwsh -NoLogo -NoProfile -NonInteractive -File /server/powershell.ps1", make: makePowerShell },
};

const buildFrom = (
  engine: Engine,
  folder: string,
  tag: string,
  args: Readonly<Record<string, string>>,
): Promise<void> => {
  const order = { labels: {}, network: "none", memory: 1024 * 1024 * 1024, tag, args };
  const build = (): Promise<void> => {
    const { stdout } = spawn("tar", ["-cf", "-", "-C", folder, "."], { stdio: ["ignore", "pipe", "inherit"] });
    return engine.build({ ...order, context: stdout }, () => {});
  };
  return attempted(build, () => {});
};

/** Makes an image: the one below it and one more layer. */
const buildLayer = async (
  engine: Engine,
  folder: string,
  tag: string,
  from: string,
  make: (root: string) => Promise<void>,
): Promise<void> => {
  const root = join(folder, "rootfs");
  mkdirSync(root, { recursive: true });
  await make(root);
  writeFileSync(join(folder, "Dockerfile"), `FROM ${from}\nCOPY rootfs /\n`);
  await buildFrom(engine, folder, tag, {});
  rmSync(folder, { recursive: true });
};

/** Makes the base image of a language on top of what `buildBases` made; the folder is used during the call. */
export const buildBase = async (engine: Engine, folder: string, language: Language): Promise<void> => {
  const { server, make } = RECIPES[language];
  const system = make === undefined ? SYSTEM : `tests/${language}-system:1`;
  if (make !== undefined) await buildLayer(engine, folder, system, SYSTEM, make);
  const args = { SYSTEM: system, SERVER_CMD: server, VALIDATE: `${server} --validate` };
  await buildFrom(engine, FIXTURES, baseImage(language), args);
};

export interface ProgramImage {
  readonly tag: string;
  readonly file: string;
  readonly source: string;
  /** Lines of the Dockerfile that say how it is started. */
  readonly lines: readonly string[];
}

/** On what `buildBases` made. @param folder is used meanwhile. */
export const buildProgram = async (
  engine: Engine,
  folder: string,
  { tag, file, source, lines }: ProgramImage,
): Promise<void> => {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), source);
  writeFileSync(join(folder, "Dockerfile"), [`FROM ${SYSTEM}`, `COPY ${file} /${file}`, ...lines, ""].join("\n"));
  await buildFrom(engine, folder, tag, {});
  rmSync(folder, { recursive: true });
};

/** @param folder is used during the call. */
export const buildBases = async (engine: Engine, folder: string, languages: readonly Language[]): Promise<void> => {
  await buildLayer(engine, folder, SYSTEM, "scratch", makeSystem);
  for (const language of languages) await buildBase(engine, folder, language);
};
