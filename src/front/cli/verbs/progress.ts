import type { Io } from "../frame/io.ts";

export interface Progress {
  /** Replaces the line that is shown. */
  update(line: string): void;
  /** Leaves no trace. */
  clear(): void;
}

/** One line on stderr that changes in place; nothing when no person is watching. */
export function progress(io: Io): Progress {
  let shown = "";
  const show = (line: string) => {
    if (!io.stderrIsTerminal || line === shown) return;
    io.replaceLine(line);
    shown = line;
  };
  return { update: show, clear: () => show("") };
}
