/** The administrator of a server on this machine needs no configuration: its token file is found (decisions.md 15). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { HttpAnswer, HttpRequest, Transport } from "../../client/client.ts";
import { homeFolder } from "./home.ts";
import type { Io } from "./io.ts";
import { isLoopback, type Settings } from "./settings.ts";

/**
 * Repeats a call that was refused with 401, with the local administrator token, when the user named no credential. Only a
 * server that proves to know the token gets it: another user's program may listen at the same port.
 */
export function withAdminToken(transport: Transport, proven: ProvenTransport, settings: Settings, io: Io): Transport {
  if (settings.token || settings.serviceAccount || !isLoopback(settings.host)) return transport;
  return async (request) => {
    const answer = await transport(request);
    const token = answer.status === 401 ? localAdminToken(io) : undefined;
    if (token === undefined) return answer;
    return (await proven(authorized(request, token), token)) ?? answer;
  };
}

/** Undefined when the server proved nothing. */
type ProvenTransport = (request: HttpRequest, token: string) => Promise<HttpAnswer | undefined>;

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
  const home = homeFolder(io);
  return join(io.env.XDG_DATA_HOME || join(home, ".local/share"), "dispatch");
}
