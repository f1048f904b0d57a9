/** How many files and connections this process may have open at once. */
import { readFileSync } from "node:fs";

/** Below this a flood of connections is felt by everybody. */
const FEW = 4096;
/** API and gateway, each with and without TLS, and as much again for workers and the database. */
const SHARES = 5;

/** From /proc/self/limits; Node.js has taken all that it may have. */
const openFiles = (): number =>
  Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? Number.POSITIVE_INFINITY);

/** Connections of one listener: whoever floods it takes nothing from the others. */
export const connectionShare = (): number => Math.floor(openFiles() / SHARES);

/** A sentence for the log where there is little room. */
export function fewFilesWarning(): string | undefined {
  const most = openFiles();
  if (most >= FEW) return undefined;
  return `only ${most} files and connections may be open at once (ulimit -n), so each listener takes ${connectionShare()} connections: start the server with ulimit -n 65536, or LimitNOFILE=65536 in its unit`;
}
