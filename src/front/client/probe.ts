/** One request that asks about the server itself: its clock, its certificate, whether it answers at all. */
import type * as Tls from "node:tls";
import { collect, openRequest, type TransportOptions } from "./node-transport.ts";

const giveUpMs = 5000;

export interface Probed {
  readonly status: number;
  readonly text: string;
  /** Milliseconds since 1970 by the server's clock, to the second; undefined when it does not say. */
  readonly date?: number;
  readonly certificate?: Certificate;
}

export interface Certificate {
  /** Milliseconds since 1970. */
  readonly validTo: number;
  readonly issuer: string;
  /** Why it is not trusted (`DEPTH_ZERO_SELF_SIGNED_CERT` ...); undefined when it is. */
  readonly problem?: string;
}

/** GET of a URL; an untrusted certificate is told, not refused. @throws Error when nothing answers within 5 s. */
export async function probe(url: string, options: TransportOptions): Promise<Probed> {
  const { promise, resolve, reject } = Promise.withResolvers<Probed>();
  const outgoing = openRequest({ method: "GET", url, headers: {} }, options, { rejectUnauthorized: false });
  const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${giveUpMs / 1000} s`)), giveUpMs);
  outgoing.on("error", reject);
  outgoing.on("response", (response) => {
    const certificate = certificateOf(response.socket);
    const date = Date.parse(response.headers.date ?? "");
    const facts = { ...(Number.isNaN(date) ? {} : { date }), ...(certificate ? { certificate } : {}) };
    void collect(response).then((answer) => resolve({ ...answer, ...facts }), reject);
  });
  outgoing.end();
  return promise.finally(() => clearTimeout(timer));
}

function certificateOf(socket: object): Certificate | undefined {
  if (!("getPeerCertificate" in socket)) return undefined;
  const secure = socket as Tls.TLSSocket;
  const { valid_to, issuer } = secure.getPeerCertificate();
  const problem = secure.authorized ? undefined : String(secure.authorizationError);
  return {
    validTo: Date.parse(valid_to),
    issuer: issuer.O?.toString() ?? issuer.CN?.toString() ?? "unknown",
    ...(problem === undefined ? {} : { problem }),
  };
}
