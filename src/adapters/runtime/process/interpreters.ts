/** The languages that this machine can run (decision 22), and what their interpreters need to see in a sandbox. */
import { execFile } from "node:child_process";
import { realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import type { Language, LanguageReport } from "../../../core/shared/ports.ts";
import type { Bind, Link } from "./bubblewrap.ts";
import { findProgram, PROGRAM_PATH } from "./programs.ts";

/** An interpreter that is here. A sandbox needs to see `binds` besides the system's folders. */
export interface Interpreter {
  /** Its path on the host. */
  readonly command: string;
  /** Its path in a sandbox. */
  readonly inside: string;
  readonly version: string;
  readonly binds: readonly Bind[];
  /** What makes it the first of its name on the PATH of a sandbox. */
  readonly link: Link;
}

export type InterpreterSearch =
  | { readonly found: true; readonly interpreter: Interpreter }
  | { readonly found: false; readonly reason: string; readonly remedy: string };

const run = promisify(execFile);

const NODE_AT = "/opt/dispatch/node";
/** Holds nothing but the link of the interpreter that a sandbox was made for. */
const LINKS_AT = "/opt/dispatch/bin";
const SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin";
const OLDEST_NODE = 26;
const OLDEST_PYTHON = [3, 9] as const;

const isOfTheSystem = (path: string): boolean => path.startsWith("/usr/");

/** The Node.js that runs the server: it is there, and it runs TypeScript directly. */
const findNode = async (): Promise<InterpreterSearch> => {
  const version = process.versions.node;
  const command = await realpath(process.execPath);
  if (Number.parseInt(version, 10) < OLDEST_NODE) {
    return {
      found: false,
      reason: `Node.js ${version} cannot run functions: ${OLDEST_NODE} or later is needed`,
      remedy: "start the server with bin/dispatch-server, which brings its own Node.js",
    };
  }
  return {
    found: true,
    interpreter: {
      ...{ command, inside: NODE_AT, version, binds: [{ source: command, target: NODE_AT }] },
      link: { path: `${LINKS_AT}/node`, target: NODE_AT },
    },
  };
};

const DESCRIBE =
  "import sys; print(getattr(sys, '_base_executable', sys.executable)); print(sys.base_prefix); print('.'.join(map(str, sys.version_info[:3])))";

/** `python3` on a PATH may be a slow shim of a version manager; it is asked once for the program behind it. */
const findPython = async (): Promise<InterpreterSearch> => {
  const remedy = "apt-get install python3";
  const onPath = await findProgram("python3", `${process.env.PATH ?? ""}:${PROGRAM_PATH}`);
  if (onPath === undefined) return { found: false, reason: "python3 was not found on this machine", remedy };
  const described = await run(onPath, ["-I", "-c", DESCRIBE]).catch(() => ({ stdout: "" }));
  const [executable, prefix, version] = described.stdout.split("\n");
  if (!executable || !prefix || !version) return { found: false, reason: `${onPath} does not run`, remedy };
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor < OLDEST_PYTHON[1])) {
    return {
      found: false,
      reason: `${onPath} is Python ${version}: ${OLDEST_PYTHON.join(".")} or later is needed`,
      remedy,
    };
  }
  const command = await realpath(executable);
  const binds = isOfTheSystem(command) ? [] : [{ source: prefix, target: prefix }];
  const link = { path: `${LINKS_AT}/python3`, target: command };
  return { found: true, interpreter: { command, inside: command, version, binds, link } };
};

/** The PATH on which `node` or `python3` is the interpreter itself, for tools and install scripts. */
export const interpreterPath = ({ command }: Interpreter, mode: "bubblewrap" | "none"): string =>
  mode === "none" ? `${dirname(command)}:${process.env.PATH ?? PROGRAM_PATH}` : `${LINKS_AT}:${SYSTEM_PATH}`;

const notYet = (name: string, program: string, install: string) => async (): Promise<InterpreterSearch> => {
  const path = await findProgram(program, `${process.env.PATH ?? ""}:${PROGRAM_PATH}`);
  if (path === undefined) return { found: false, reason: `${name} was not found on this machine`, remedy: install };
  return {
    found: false,
    reason: `${name} is here (${path}), but this version of Dispatch does not run ${name} functions`,
    remedy: "write the function in Node.js, TypeScript or Python",
  };
};

const SEARCHES: Record<Language, () => Promise<InterpreterSearch>> = {
  nodejs: findNode,
  python3: findPython,
  java: notYet("Java", "java", "apt-get install default-jre-headless"),
  powershell: notYet("PowerShell", "pwsh", "install PowerShell 7.4 or later and put pwsh on the PATH"),
};

const searched = new Map<Language, Promise<InterpreterSearch>>();

/** Looks for a language's interpreter; found ones are remembered for the life of the server. */
export const findInterpreter = async (language: Language): Promise<InterpreterSearch> => {
  const search = searched.get(language) ?? SEARCHES[language]();
  searched.set(language, search);
  const result = await search;
  if (!result.found) searched.delete(language);
  return result;
};

/** The same as the builder's port reports it. */
export const reportLanguage = async (language: Language): Promise<LanguageReport> => {
  const search = await findInterpreter(language);
  if (!search.found) return { available: false, reason: search.reason, remedy: search.remedy };
  return { available: true, interpreter: search.interpreter.command, version: search.interpreter.version };
};
