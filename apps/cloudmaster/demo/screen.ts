/** How the demo looks: headings, commands, what they print, and the channel. */
import colors from "picocolors";
import type { Post } from "../simulator/slack/channel.ts";
import { ALICE } from "../simulator/slack/form.ts";
import type { Paint } from "../simulator/slack/render.ts";
import { renderPost } from "../simulator/slack/render.ts";

export interface Screen {
  heading(text: string): void;
  note(text: string): void;
  command(line: string): void;
  output(text: string): void;
  post(post: Post): void;
}

const INDENT = "  ";
const MAX_LINES = 24;
const PAINT: Paint = {
  author: colors.bold,
  faint: colors.dim,
  good: colors.green,
  warning: colors.yellow,
  danger: colors.red,
};

/** Writes through `write`, a line at a time. */
export function createScreen(write: (line: string) => void): Screen {
  const lines = (each: readonly string[]) => {
    for (const line of each) write(line === "" ? "" : INDENT + line);
  };
  const names = new Map([[ALICE.id, ALICE.name]]);
  return {
    heading: (text) => lines(["", colors.bold(colors.cyan(text))]),
    note: (text) => lines([colors.dim(text)]),
    command: (line) => lines([`${colors.dim("$")} ${line}`]),
    output: (text) => lines(shorten(text.trimEnd().split("\n")).map((line) => colors.dim(line))),
    post: (post) => lines(["", ...renderPost(post, { names, paint: PAINT }).map((line) => INDENT + line)]),
  };
}

/** A long JSON object would push the story off the screen. */
function shorten(lines: readonly string[]): readonly string[] {
  if (lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES - 1), `... ${lines.length - MAX_LINES + 1} more lines`];
}
