/** The administrator of a server on this machine needs no configuration: its token file is found (decisions.md 15). */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { HttpRequest, Transport } from "../../client/client.ts";
import type { Io } from "../io.ts";
import { isLoopback, type Settings } from "./settings.ts";

/** Repeats a call that was refused with 401, with the local administrator token, when the user named no credential. */
export function withAdminToken(transport: Transport, settings: Settings, io: Io): Transport {
  if (settings.token || settings.serviceAccount || !isLoopback(settings.host)) return transport;
  return async (request) => {
    const answer = await transport(request);
    const token = answer.status === 401 ? localAdminToken(io) : undefined;
    return token === undefined ? answer : transport(authorized(request, token));
  };
}

function authorized(request: HttpRequest, token: string): HttpRequest {
  const { Cookie: _replaced, ...headers } = request.headers;
  return { ...request, headers: { ...headers, Authorization: `Bearer ${token}` } };
}

function localAdminToken(io: Io): string | undefined {
  try {
    return readFileSync(join(dataDir(io), "admin-token"), "utf8").trim() || undefined;
  } catch {
    // No file, or one that belongs to somebody else: the answer 401 stands.
    return undefined;
  }
}

/** Where a server of this user keeps its data. */
export function dataDir(io: Io): string {
  if (io.env.DISPATCH_DATA_DIR) return io.env.DISPATCH_DATA_DIR;
  const home = io.env.HOME || homedir();
  return join(io.env.XDG_DATA_HOME || join(home, ".local/share"), "dispatch");
}
