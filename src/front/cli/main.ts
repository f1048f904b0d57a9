/** The program `dispatch`: hands the process to `runCli`. */
import { visibleText } from "../../core/shared/visible-text.ts";
import { runCli } from "./cli.ts";
import type { Io } from "./io.ts";

const interrupt = new AbortController();

const io: Io = {
  stdout: (text) => void process.stdout.write(process.stdout.isTTY ? visibleText(text) : text),
  stderr: (text) => void process.stderr.write(process.stderr.isTTY ? visibleText(text) : text),
  replaceLine: (line) => void process.stderr.write(`\r\u001b[2K${visibleText(line)}`),
  stdin: readStdin,
  env: process.env,
  cwd: process.cwd(),
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
  return Buffer.concat(chunks).toString("utf8");
}

// Only commands that wait ask for the signal; all others end at once, as usual.
function listenForInterrupts(): void {
  if (process.listenerCount("SIGINT") > 0) return;
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => interrupt.abort());
}

// A reader that has seen enough (`dispatch get runs | head -1`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

process.exitCode = await runCli(process.argv.slice(2), io);
// A request that the user gave up would keep the process until it is answered.
if (interrupt.signal.aborted) process.exit();
