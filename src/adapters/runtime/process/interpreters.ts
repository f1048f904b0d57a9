/** Interpreters and how they are seen in a sandbox. Which there are: adapters/languages. */
import { dirname } from "node:path";
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

/** Holds nothing but the link of the interpreter that a sandbox was made for. */
export const LINKS_AT = "/opt/dispatch/bin";
const SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin";

/** A program on the PATH of the server or of the system. */
export const findOnPath = (program: string): Promise<string | undefined> =>
  findProgram(program, `${process.env.PATH ?? ""}:${PROGRAM_PATH}`);

/** The PATH on which `node`, `python3` ... is the interpreter itself, for functions, tools and install scripts. */
export const interpreterPath = ({ command }: Interpreter, mode: "bubblewrap" | "none"): string =>
  mode === "none" ? `${dirname(command)}:${process.env.PATH ?? PROGRAM_PATH}` : `${LINKS_AT}:${SYSTEM_PATH}`;
