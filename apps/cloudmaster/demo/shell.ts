/** Types commands as a person would, and shows them with what they print. */
import { spawn } from "node:child_process";
import { StepFailure } from "./failure.ts";
import type { Screen } from "./screen.ts";

export interface Shell {
  /** Runs `dispatch <words>`, shows command and output, and returns what it printed. @throws StepFailure unless it exits 0. */
  dispatch(...words: string[]): Promise<string>;
  /** The same without showing it. */
  ask(...words: string[]): Promise<string>;
}

export interface ShellPlan {
  /** The launcher `bin/dispatch`. */
  readonly program: string;
  readonly workDir: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly screen: Screen;
  /** Ends a command that runs when it aborts. */
  readonly signal: AbortSignal;
}

/** The first installation of an image's packages takes a while. */
const COMMAND_TIMEOUT_MS = 180_000;

export function createShell(plan: ShellPlan): Shell {
  async function ask(...words: string[]): Promise<string> {
    const { code, output } = await run(plan, words);
    if (code === null)
      throw new StepFailure(`“${lineOf(words)}” did not end within ${COMMAND_TIMEOUT_MS / 1000} s`, output);
    if (code !== 0) throw new StepFailure(`“${lineOf(words)}” ended with ${code}`, output);
    return output;
  }
  async function dispatch(...words: string[]): Promise<string> {
    plan.screen.command(lineOf(words));
    const output = await ask(...words);
    plan.screen.output(output);
    return output;
  }
  return { ask, dispatch };
}

function lineOf(words: readonly string[]): string {
  return ["dispatch", ...words.map(quote)].join(" ");
}

function run(
  plan: ShellPlan,
  words: readonly string[],
): Promise<{ readonly code: number | null; readonly output: string }> {
  const { program, workDir: cwd, environment: env, signal } = plan;
  const child = spawn(program, words, {
    cwd,
    env,
    signal,
    timeout: COMMAND_TIMEOUT_MS,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on("error", (error) =>
      reject(signal.aborted ? signal.reason : new StepFailure(`${program}: ${error.message}`)),
    );
    child.on("close", (code) => resolve({ code, output: Buffer.concat(chunks).toString() }));
  });
}

/** As it would be typed into a shell. */
function quote(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word}'`;
}
