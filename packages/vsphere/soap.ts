/** One vSphere endpoint over SOAP 1.1: calls, faults, the session's cookie, and whose certificate is believed. */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Agent, request as httpRequest } from "node:http";
import { request as httpsRequest, Agent as SecureAgent } from "node:https";
import type { PeerCertificate, TLSSocket } from "node:tls";
import type { MoRef, Parsed, XmlObject } from "../xml/xml.ts";
import { at, parseXml, text, writeElement } from "../xml/xml.ts";

export interface Endpoint {
  /** `vcenter.example.com`, `vcenter.example.com:8443` or `https://vcenter.example.com/sdk`. */
  readonly address: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca?: string;
  /** SHA-256 of the server's certificate, as hexadecimal digits with or without colons: this certificate and no other. */
  readonly thumbprint?: string;
  /** Milliseconds for one call. */
  readonly timeoutMs?: number;
}

/** The server refused a call. `fault` is the type of the fault: `InvalidLogin`, `DuplicateName`, `NoPermission` ... */
export class SoapFault extends Error {
  override name = "SoapFault";
  readonly fault: string;
  /** The members of the fault. */
  readonly detail: Parsed | undefined;

  constructor(fault: string, message: string, detail?: Parsed) {
    super(message);
    this.fault = fault;
    this.detail = detail;
  }
}

/** The server could not be asked or not be understood. The message is for people. */
export class ConnectionError extends Error {
  override name = "ConnectionError";
}

export interface Soap {
  /** Calls a method of a managed object; resolves with its `returnval` (a list where it repeats). */
  call(method: string, target: MoRef, parameters?: XmlObject, timeoutMs?: number): Promise<Parsed | undefined>;
  close(): void;
}

const NAMESPACE = "urn:vim25";
/** Understood by every version since vSphere 6.5. */
const SOAP_ACTION = "urn:vim25/6.5";
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** @throws ConnectionError when the address is none. */
export function openSoap(endpoint: Endpoint): Soap {
  const url = sdkUrl(endpoint.address);
  const secure = url.protocol === "https:";
  const agent = secure ? secureAgent(endpoint) : new Agent({ keepAlive: true, maxSockets: 4 });
  let cookie: string | undefined;

  async function call(method: string, target: MoRef, parameters: XmlObject = {}, timeoutMs?: number) {
    const body = envelope(method, target, parameters);
    const answer = await post(body, timeoutMs ?? endpoint.timeoutMs ?? 60_000);
    cookie = sessionCookie(answer.headers["set-cookie"]) ?? cookie;
    return readAnswer(method, answer);
  }

  function post(body: string, timeoutMs: number): Promise<Answer> {
    const headers = {
      "Content-Type": "text/xml; charset=utf-8",
      SOAPAction: SOAP_ACTION,
      "Content-Length": Buffer.byteLength(body),
      ...(cookie === undefined ? {} : { Cookie: cookie }),
    };
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(connectionError(url, error, endpoint));
      const options = { method: "POST", headers, agent, signal: AbortSignal.timeout(timeoutMs) };
      const outgoing = (secure ? httpsRequest : httpRequest)(url, options, (incoming) => {
        collect(incoming).then((bytes) => {
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text: bytes.toString("utf8") });
        }, fail);
      });
      outgoing.once("error", fail);
      outgoing.end(body);
    });
  }

  return { call, close: () => agent.destroy() };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

/** `/sdk` at https unless the address says otherwise. */
export function sdkUrl(address: string): URL {
  const trimmed = address.trim();
  const url = URL.parse(/^https?:\/\//i.test(trimmed) ? trimmed : `https://${trimmed}`);
  if (url === null || url.hostname === "") throw new ConnectionError(`“${trimmed}” is no address of a vCenter`);
  if (url.pathname === "/" || url.pathname === "") url.pathname = "/sdk";
  url.username = "";
  url.password = "";
  return url;
}

function secureAgent({ ca, thumbprint }: Endpoint): SecureAgent {
  const pinned = thumbprint === undefined ? undefined : digits(thumbprint);
  const options = { keepAlive: true, maxSockets: 4, minVersion: "TLSv1.2" as const };
  if (pinned === undefined) return new SecureAgent({ ...options, ...(ca === undefined ? {} : { ca }) });
  // A session that resumes shows no certificate, so none is kept.
  const agent = new SecureAgent({ ...options, rejectUnauthorized: false, maxCachedSessions: 0 });
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (connection, callback) => {
    const socket = create(connection, callback) as TLSSocket;
    socket.once("secureConnect", () => {
      const seen = thumbprintOf(socket.getPeerCertificate());
      if (digits(seen) !== pinned) socket.destroy(new Error(`its certificate has the thumbprint ${seen}`));
    });
    return socket;
  };
  return agent;
}

function digits(thumbprint: string): string {
  return thumbprint.replaceAll(/[^0-9a-f]/gi, "").toLowerCase();
}

/** SHA-256 of a certificate, in the form that browsers show. */
export function thumbprintOf(certificate: Pick<PeerCertificate, "raw">): string {
  if (certificate.raw === undefined) return "";
  const hexadecimal = createHash("sha256").update(certificate.raw).digest("hex").toUpperCase();
  return hexadecimal.match(/../g)?.join(":") ?? "";
}

function connectionError(url: URL, error: Error, { thumbprint }: Endpoint): ConnectionError {
  const where = `the vCenter ${url.host}`;
  const code = "code" in error ? String(error.code) : "";
  if (error.name === "TimeoutError" || error.name === "AbortError")
    return new ConnectionError(`${where} did not answer in time`, { cause: error });
  if (thumbprint !== undefined && error.message.startsWith("its certificate"))
    return new ConnectionError(`${where} is another one: ${error.message}, not the one that is expected`, {
      cause: error,
    });
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code))
    return new ConnectionError(`the certificate of ${where} is not to be believed (${error.message})`, {
      cause: error,
    });
  return new ConnectionError(`${where} cannot be reached: ${error.message}`, { cause: error });
}

function envelope(method: string, target: MoRef, parameters: XmlObject): string {
  const call = writeElement(method, { _this: target, ...parameters }).replace(
    `<${method}>`,
    `<${method} xmlns="${NAMESPACE}">`,
  );
  return (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" ' +
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">' +
    `<soapenv:Body>${call}</soapenv:Body></soapenv:Envelope>`
  );
}

async function collect(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error(`it answered more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function readAnswer(method: string, { status, headers, text: body }: Answer): Parsed | undefined {
  let content: Parsed | undefined;
  try {
    content = at(parseXml(body), "Envelope", "Body");
  } catch {
    content = undefined;
  }
  const fault = at(content, "Fault");
  if (fault !== undefined) throw toFault(method, fault);
  const elsewhere = headers.location === undefined ? "" : ` and leads to ${headers.location}`;
  if (content === undefined || status >= 300)
    throw new ConnectionError(`what answered (HTTP ${status})${elsewhere} is no vCenter: is \`host\` right?`);
  return at(content, `${method}Response`, "returnval");
}

function toFault(method: string, fault: Parsed): SoapFault {
  const detail = at(fault, "detail");
  const [name = "Fault", members] = typeof detail === "object" ? (Object.entries(detail)[0] ?? []) : [];
  const type = name.replace(/(?<=.)Fault$/, "");
  const message = (text(fault, "faultstring") ?? "").trim();
  return new SoapFault(type, message || `the vCenter refused ${method}: ${type}`, members as Parsed | undefined);
}

function sessionCookie(headers: readonly string[] | undefined): string | undefined {
  const cookie = headers?.find((header) => header.startsWith("vmware_soap_session="));
  return cookie?.split(";")[0];
}
