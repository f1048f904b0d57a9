/** The program `dispatch`: hands the process to `runCli`. */
import { readFileSync } from "node:fs";
import { visibleText } from "../../core/shared/visible-text.ts";
import { runCli } from "./cli.ts";
import { brokenWord, textOf } from "./files/read-text.ts";
import { fileProblem } from "./frame/errors.ts";
import type { Io } from "./frame/io.ts";

const interrupt = new AbortController();

const io: Io = {
  stdout: (text) => void process.stdout.write(process.stdout.isTTY ? visibleText(text) : text),
  stderr: (text) => void process.stderr.write(process.stderr.isTTY ? visibleText(text) : text),
  replaceLine: (line) => void process.stderr.write(`\r\u001b[2K${visibleText(line)}`),
  stdin: readStdin,
  env: process.env,
  cwd: currentFolder(),
  get stderrIsTerminal() {
    return process.stderr.isTTY === true;
  },
  get signal() {
    listenForInterrupts();
    return interrupt.signal;
  },
  now: Date.now,
};

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return textOf(Buffer.concat(chunks), "standard input");
}

// Only commands that wait ask for the signal; all others end at once, as usual.
function listenForInterrupts(): void {
  if (process.listenerCount("SIGINT") > 0) return;
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => interrupt.abort());
}

async function start(words: readonly string[]): Promise<number> {
  const broken = brokenWord(words, () => readFileSync("/proc/self/cmdline"));
  if (broken === undefined) return runCli(words, io);
  io.stderr(broken);
  return 1;
}

/** "/" when it was removed: only commands that read files there miss it. */
function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    return "/";
  }
}

// A reader that has seen enough (`dispatch get runs | head -1`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(process.exitCode);
  process.stderr.write(`the output could not be written: ${fileProblem(error)}\n`);
  process.exit(1);
});
// Whoever closed it wants to hear nothing.
process.stderr.on("error", () => {});

process.exitCode = await start(process.argv.slice(2));
// A request that the user gave up would keep the process until it is answered.
if (interrupt.signal.aborted) process.exit();
