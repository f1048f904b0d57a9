/** The program `dispatch`: hands the process to `runCli`. */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { buffer } from "node:stream/consumers";
import { isatty } from "node:tty";
import { brokenWord } from "../../core/shared/utf8.ts";
import { visibleText } from "../../core/shared/visible-text.ts";
import { fileProblem, orElse } from "../../frame/errors.ts";
import type { Io } from "../../frame/io.ts";
import { runCli } from "./cli.ts";
import { textOf } from "./files/read-text.ts";

const io: Io = {
  stdout: (text) => write(process.stdout, process.stdout.isTTY ? visibleText(text) : text),
  stderr: (text) => write(process.stderr, process.stderr.isTTY ? visibleText(text) : text),
  replaceLine: (line) => write(process.stderr, `\r\u001b[2K${visibleText(line)}`),
  stdin: async () => textOf(await buffer(process.stdin), "standard input"),
  lines: () => createInterface({ input: process.stdin }),
  env: process.env,
  // "/" when it was removed: only commands that read files there miss it.
  cwd: orElse(() => process.cwd(), "/"),
  get stderrIsTerminal() {
    return process.stderr.isTTY === true;
  },
  get signal() {
    interrupt ??= listenForInterrupts();
    return interrupt.signal;
  },
  now: Date.now,
};

/** Only commands that wait ask for the signal; all others end at once, as usual. */
let interrupt: AbortController | undefined;

function listenForInterrupts(): AbortController {
  const controller = new AbortController();
  // A terminal that goes means what Ctrl-C does; without one (nohup, cron) a hang-up means nothing.
  const hasTerminal = isatty(0);
  process.on("SIGHUP", () => hasTerminal && controller.abort());
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => controller.abort());
  return controller;
}

/** Those of stdout and stderr that were written to; opening one takes time. */
const used = new Set<NodeJS.WriteStream>();

function write(stream: NodeJS.WriteStream, text: string): void {
  if (text === "") return;
  // Whoever closed stderr wants to hear nothing.
  if (!used.has(stream)) stream.on("error", stream === process.stdout ? outputFailed : () => {});
  used.add(stream);
  stream.write(text);
}

/** A reader that has seen enough (`dispatch get runs | head -1`) is no error. */
function outputFailed(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") process.exit(process.exitCode);
  process.stderr.write(`the output could not be written: ${fileProblem(error)}\n`);
  process.exit(1);
}

/** Resolves when all that was written has left the process; never when that failed. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => void stream.write("", (error) => error ?? resolve()));
}

async function main(): Promise<void> {
  const words = process.argv.slice(2);
  const broken = brokenWord(words, () => readFileSync("/proc/self/cmdline"));
  if (broken !== undefined) io.stderr(`${broken}\n`);
  process.exitCode = broken === undefined ? await runCli(words, io) : 1;
  await Promise.all([...used].map(flushed));
  // Nobody waits for connections to close, or for the answer to a request that the user gave up.
  process.exit();
}

void main();
