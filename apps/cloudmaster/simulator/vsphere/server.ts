/**
 * A stand-in for a vCenter on the loopback: SOAP in and out, sessions by cookie, clones that take their time. The real
 * simulator (../vcsim) is the better peer for tests and needs Go; this one needs nothing. A test double: no part of
 * Dispatch's server.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:http";
import type { Parsed, XmlValue } from "../../../../packages/xml/xml.ts";
import { at, MoRef, parseXml, ref, writeElement } from "../../../../packages/xml/xml.ts";
import type { Faults } from "../faults.ts";
import { createFaults } from "../faults.ts";
import { closeServer, listen, readBody } from "../listener.ts";
import { createInventory, VsphereFault } from "./inventory.ts";
import { credentials, METHODS } from "./methods.ts";
import { PLACES } from "./places.ts";

export interface VsphereOptions {
  /** 0 or absent: any free port of 127.0.0.1. */
  readonly port?: number;
  readonly transitionMs?: number;
  readonly now?: () => number;
}

export interface VsphereStandIn {
  readonly url: string;
  readonly port: number;
  readonly faults: Faults;
  /** The secret `vsphere` that reaches this stand-in. */
  readonly secret: Readonly<Record<string, string>>;
  /** Names of the machines that are there, the template left out. */
  machines(): string[];
  /** The advanced settings of a machine; undefined when there is none of that name. */
  settings(name: string): ReadonlyMap<string, string> | undefined;
  /** The next clone fails like this. */
  failNextMachine(fault: string, message: string): void;
  close(): Promise<void>;
}

const USER = "cloudmaster@vsphere.local";
const PASSWORD = "the-password-of-the-stand-in";
const COOKIE = "vmware_soap_session";

export async function startVsphere(options: VsphereOptions = {}): Promise<VsphereStandIn> {
  const { port = 0, transitionMs = 1000, now = Date.now } = options;
  const inventory = createInventory({ transitionMs, now });
  const faults = createFaults();
  const sessions = new Set<string>();

  async function handle(request: IncomingMessage): Promise<{ readonly xml: string; readonly cookie?: string }> {
    const content = at(parseXml((await readBody(request)).toString()), "Envelope", "Body");
    const [method = "", body = ""] = Object.entries(content ?? {}).find(([name]) => name !== "$type") ?? [];
    if (method === "Login") return { xml: answer(method, { userName: USER }), cookie: logIn(body as Parsed, sessions) };
    if (method !== "RetrieveServiceContent" && !sessions.has(sessionOf(request)))
      throw new VsphereFault("NotAuthenticated", "The session is not authenticated.");
    const call = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
    if (call === undefined) throw new VsphereFault("MethodNotFound", `There is no method ${method}.`);
    const target = ref(body as Parsed, "_this") ?? new MoRef("", "");
    return { xml: answer(method, call({ inventory, body: body as Parsed, target })) };
  }

  const server = createServer((request, response) => {
    if (faults.strike(`${request.method} ${request.url}`, response)) return;
    handle(request).then(
      ({ xml, cookie }) => {
        const headers = cookie === undefined ? {} : { "Set-Cookie": `${COOKIE}="${cookie}"; Path=/; HttpOnly` };
        response.writeHead(200, { "Content-Type": "text/xml; charset=utf-8", ...headers }).end(xml);
      },
      (error: unknown) => response.writeHead(500, { "Content-Type": "text/xml; charset=utf-8" }).end(faultXml(error)),
    );
  });
  const { url, port: listening } = await listen(server, port);
  return {
    url: `${url}/sdk`,
    port: listening,
    faults,
    secret: {
      host: `${url}/sdk`,
      datacenter: PLACES.datacenter.name,
      resourcePool: PLACES.pool.name,
      vmFolder: PLACES.folder.name,
      username: USER,
      password: PASSWORD,
    },
    machines: () => inventory.machines().flatMap(({ name, template }) => (template ? [] : [name])),
    settings: (name) => inventory.machines().find((machine) => machine.name === name)?.settings,
    failNextMachine: inventory.failNext,
    close: () => closeServer(server),
  };
}

function logIn(body: Parsed, sessions: Set<string>): string {
  const [user, password] = credentials(body);
  if (user !== USER || password !== PASSWORD)
    throw new VsphereFault("InvalidLogin", "Cannot complete login due to an incorrect user name or password.");
  const session = randomUUID();
  sessions.add(session);
  return session;
}

function sessionOf(request: IncomingMessage): string {
  return /vmware_soap_session="([^"]+)"/.exec(request.headers.cookie ?? "")?.[1] ?? "";
}

function answer(method: string, value: XmlValue): string {
  return envelope(writeElement(`${method}Response`, { returnval: value }).replace(">", ' xmlns="urn:vim25">'));
}

function faultXml(error: unknown): string {
  const { fault, message } = error instanceof VsphereFault ? error : new VsphereFault("RuntimeFault", String(error));
  const detail = { [`${fault}Fault`]: { $type: fault } };
  return envelope(writeElement("Fault", { faultcode: "ServerFaultCode", faultstring: message, detail }));
}

function envelope(body: string): string {
  const namespaces =
    'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" ' +
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
  return `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope ${namespaces}><soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`;
}
