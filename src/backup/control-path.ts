/** Where the server can be reached by its owner on this machine: a socket in the data folder, closed to everybody else. */
import { closeSync, constants, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";

/** The folder of the socket, 0700. Snapshots that are on their way out lie here, too. */
export function controlFolder(dataDir: string): string {
  return join(dataDir, "control");
}

/**
 * The socket's path through a descriptor of its folder: the kernel takes 107 bytes, and data folders may lie deep.
 * The path holds until `close`.
 */
export function socketPath(dataDir: string): { readonly path: string; close(): void } {
  const folder = controlFolder(dataDir);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const descriptor = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${descriptor}/dispatch.sock`, close: () => closeSync(descriptor) };
}
