import { codeOf } from "../../core/shared/message-of.ts";

/** The server answered with an error: `{code, message}` of the body (server.md 2.3), and the HTTP status. */
export class ApiError extends Error {
  override name: string = "ApiError";
  readonly code: number;
  readonly status: number;

  constructor(code: number, message: string, status: number) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** Nothing of that name is there. */
export class NotFoundError extends ApiError {
  override name = "NotFoundError";
}

/** What was asked for; undefined when nothing of that name is there. */
export function unlessMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  return unlessRefused(asked, NotFoundError);
}

/** What was asked for; undefined when the server does not give it. */
export async function unlessRefused<T>(asked: Promise<T>, refusal = ApiError): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof refusal) return undefined;
    throw error;
  }
}

/** The server did not accept the credential; the next call would fail in the same way. */
export class RefusedCredentialError extends ApiError {
  override name = "RefusedCredentialError";
}

const named: Readonly<Record<number, typeof ApiError>> = { 401: RefusedCredentialError, 404: NotFoundError };

/** The error of an answer, by the name that its status has. */
export function apiErrorOf(code: number, message: string, status: number): ApiError {
  return new (named[status] ?? ApiError)(code, message, status);
}

/** No usable answer came back: nothing listens there, TLS failed, the connection broke. */
export class TransportError extends Error {
  override name = "TransportError";

  /** @param proxy the one that the environment names for this URL */
  constructor(method: string, url: string, cause: unknown, proxy?: string) {
    const way = proxy === undefined ? "" : ` (the environment names the proxy ${proxy}; no_proxy leaves hosts out)`;
    super(`unexpected error received from server: ${capitalized(method)} ${url}: ${reason(cause, way)}`, { cause });
  }
}

function capitalized(method: string): string {
  return method.charAt(0) + method.slice(1).toLowerCase();
}

function reason(cause: unknown, way: string): string {
  if (!(cause instanceof Error)) return String(cause);
  // A host name with several addresses fails with one error per address and an empty message of its own.
  const inner: unknown = cause instanceof AggregateError ? cause.errors[0] : undefined;
  const message = inner instanceof Error ? inner.message : cause.message;
  return (
    message.replace(adviceOfNode, "").replace(placeInOpenssl, ": $<what>") +
    (way || remedy(codeOf(inner) ?? codeOf(cause)))
  );
}

/** About flags of Node, which nobody passes here. */
const adviceOfNode = /; if the root CA is installed locally, .*$/;

/** Where OpenSSL noticed: "408347E74E7F0000:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:..." */
const placeInOpenssl = / [\dA-F]+:error:[\dA-F]+:[^:]*:[^:]*:(?<what>[^:]*):.*$/s;

const wrongScheme = " (does the server speak the scheme that --scheme names?)";
const broken = " (the connection broke: was the server stopped, or does it speak another scheme than --scheme?)";
const expired = " (the server's certificate must be renewed; --insecure accepts it for now)";
const selfSigned = " (pass --insecure to accept a self-signed certificate, or name its CA in NODE_EXTRA_CA_CERTS)";

const remedies: Readonly<Record<string, string>> = {
  ECONNREFUSED: " (nothing listens there: is dispatch-server running?)",
  ENOTFOUND: " (is the host name right?)",
  DEPTH_ZERO_SELF_SIGNED_CERT: selfSigned,
  SELF_SIGNED_CERT_IN_CHAIN: selfSigned,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: selfSigned,
  CERT_HAS_EXPIRED: expired,
  CERT_NOT_YET_VALID: " (are the clocks of both machines right?)",
  ERR_TLS_CERT_ALTNAME_INVALID: " (name the server as its certificate does with --host, or pass --insecure)",
  ECONNRESET: broken,
  EPIPE: broken,
  EHOSTUNREACH: " (is the host's address right, and the way to it open?)",
  ETIMEDOUT: " (is the host's address right, and the way to it open?)",
  EAI_AGAIN: " (is the host name right, and is there a network?)",
  EPROTO: wrongScheme,
  ERR_SSL_WRONG_VERSION_NUMBER: wrongScheme,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: wrongScheme,
  HPE_INVALID_CONSTANT: wrongScheme,
};

function remedy(code: string | undefined): string {
  return (code !== undefined && remedies[code]) || "";
}
