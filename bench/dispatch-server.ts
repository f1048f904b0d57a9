/** A Dispatch server of its own for a measure, with a data folder that vanishes with it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProgram } from "./program.ts";
import { Rest } from "./rest.ts";

export interface DispatchServer {
  readonly pid: number;
  readonly api: string;
  readonly gateway: string;
  readonly rest: Rest;
  stop(): Promise<void>;
}

/** `flags` come on top of those that every measured server has. */
export async function startDispatch(installation: string, flags: readonly string[] = []): Promise<DispatchServer> {
  const folder = await newDataFolder();
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const server = await startOn(folder, installation, flags);
    return { ...server, stop: () => server.stop().then(removeFolder) };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

export function newDataFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "dispatch-bench-"));
}

/** The same on a data folder that stays. */
export async function startOn(
  folder: string,
  installation: string,
  flags: readonly string[] = [],
): Promise<DispatchServer> {
  const listen = ["--host", "127.0.0.1", "--port", "0", "--gateway-port", "0"];
  const { pid, found, stop } = await startProgram(
    join(installation, "bin/dispatch-server"),
    ["--data-dir", folder, ...listen, ...flags],
    [/Dispatch HTTP server: .*(http:[^"\s]+)/, /API Gateway: .*(http:[^"\s]+)/],
  );
  const [api = "", gateway = ""] = found;
  return { pid, api, gateway, rest: new Rest(api), stop };
}
