/** `--wait`: the resource is asked for until it is READY or in ERROR (decisions.md 4). */
import type { Io } from "../../../frame/io.ts";
import { pause } from "../../../frame/pause.ts";
import { spanMilliseconds } from "../../../frame/spans.ts";
import type { Context } from "../context/context.ts";
import type { Kind } from "../kinds/kind.ts";
import { fetchOne } from "../kinds/resources.ts";
import { list, text } from "../output/json.ts";

const longestPauseMs = 500;

/**
 * Polls one resource for as long as `--wait-timeout` says: how it was seen last, and why it is not READY.
 * @throws ApiError when it cannot be read, CliError when the call was interrupted.
 */
export async function readyOrReason(context: Context, kind: Kind, name: string, limit: string, firstPauseMs = 20) {
  const { io } = context;
  const limitMs = spanMilliseconds("wait-timeout", limit);
  const started = io.now();
  const show = progress(io);
  const what = `${kind.title} ${name}`;
  try {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
      const resource = await fetchOne(context, kind, name);
      const status = text(resource, "status");
      if (status === "READY" || !kind.hasStatus) return { resource };
      const reason = list(resource, "reason").join("\n") || "the server gives no reason";
      if (status === "ERROR") return { resource, problem: `${what} is in ERROR: ${reason}` };
      const waitedMs = io.now() - started;
      const see = `see: dispatch describe ${kind.word} ${name}`;
      if (waitedMs >= limitMs) return { resource, problem: `${what} is still ${status} after ${limit}; ${see}` };
      show(`waiting for ${what}: ${status} (${Math.floor(waitedMs / 1000)}s)`);
      await pause(Math.min(pauseMs, limitMs - waitedMs), io.signal);
    }
  } finally {
    show("");
  }
}

/** One line on stderr that changes in place; nothing when no person is watching. */
function progress(io: Io): (line: string) => void {
  let shown = "";
  return (line) => {
    if (!io.stderrIsTerminal || line === shown) return;
    io.replaceLine(line);
    shown = line;
  };
}
