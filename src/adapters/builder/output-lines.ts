/** The installer's output: cut into lines, cleaned, and the last of them kept for an error message. */
import type { Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";

const MAX_LINE = 2000;
const MAX_LINES = 5000;
const KEPT_LINES = 60;

/** Credentials in addresses (`https://user:token@host`) do not belong into logs, whatever signs a password has. */
export function maskCredentials(text: string): string {
  return text.replace(/:\/\/[^/\s]{1,1000}@/g, "://***@");
}

export interface OutputLines {
  /** Reads a stream to its end. */
  follow(stream: Readable): Promise<void>;
  /** The last lines of all streams, oldest first. */
  last(): readonly string[];
}

/** A flood is cut: a line after 2000 letters, `progress` after 5000 lines; the last lines are always kept. */
export function createOutputLines(progress: (line: string) => void): OutputLines {
  const kept: string[] = [];
  let count = 0;
  const push = (raw: string): void => {
    const line = maskCredentials(stripVTControlCharacters(raw.slice(0, MAX_LINE)).trimEnd());
    if (line === "") return;
    kept.push(line);
    if (kept.length > KEPT_LINES) kept.shift();
    count += 1;
    if (count <= MAX_LINES) progress(line);
  };
  return {
    follow: (stream) => followLines(stream, push).catch(ignorePrematureEnd),
    last: () => kept,
  };
}

/** The server closed the pipe itself, because another process kept it open after the installer had ended. */
function ignorePrematureEnd(error: NodeJS.ErrnoException): void {
  if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
}

async function followLines(stream: Readable, push: (line: string) => void): Promise<void> {
  let rest = "";
  for await (const chunk of stream.setEncoding("utf8")) {
    const lines = (rest + chunk).split(/\r?\n|\r/);
    rest = (lines.pop() ?? "").slice(0, MAX_LINE);
    for (const line of lines) push(line);
  }
  push(rest);
}
