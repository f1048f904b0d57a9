/**
 * A stand-in for Amazon EC2 on the loopback: the real wire format (query form in, XML out, Signature Version 4 checked)
 * over machines that exist in memory only. A test double: no part of Dispatch's server.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { Faults } from "../faults.ts";
import { createFaults } from "../faults.ts";
import { closeServer, listen, readBody } from "../listener.ts";
import type { StateName } from "./account.ts";
import { createAccount } from "./account.ts";
import { ACTIONS } from "./actions.ts";
import { Ec2Error } from "./errors.ts";
import type { KeyPair } from "./sigv4.ts";
import { verifySignature } from "./sigv4.ts";
import { toXml } from "./xml.ts";

export interface Ec2Options {
  /** 0 or absent: any free port of 127.0.0.1. */
  readonly port?: number;
  /** The one key pair that is accepted. */
  readonly keys?: KeyPair;
  /** How long machines stay `pending` and `shutting-down`; milliseconds. */
  readonly transitionMs?: number;
  readonly maxMachines?: number;
  /** How long lists go on without what is new; milliseconds. */
  readonly listLagMs?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export interface Ec2 {
  readonly url: string;
  readonly port: number;
  readonly keys: KeyPair;
  /** Faults below the API: silence, broken connections, web pages. `failNext` has EC2's own errors. */
  readonly faults: Faults;
  machines(): { readonly id: string; readonly name: string; readonly state: StateName }[];
  /** The next `times` requests fail like this, whatever they ask. */
  failNext(times: number, status: number, code: string, message: string): void;
  close(): Promise<void>;
}

/** The key pair of the stand-in: the one of AWS's own documentation, good for nothing. */
export const EXAMPLE_KEYS: KeyPair = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};

export async function startEc2(options: Ec2Options = {}): Promise<Ec2> {
  const {
    port = 0,
    keys = EXAMPLE_KEYS,
    transitionMs = 1000,
    maxMachines = 20,
    listLagMs = 0,
    now = Date.now,
  } = options;
  const account = createAccount({ transitionMs, maxMachines, listLagMs, now });
  const faults = createFaults();
  const failures: Ec2Error[] = [];

  async function handle(request: IncomingMessage, requestId: string): Promise<string> {
    const body = await readBody(request);
    const { method = "", url = "", headers } = request;
    const failure = failures.shift();
    if (failure !== undefined) throw failure;
    verifySignature({ method, target: url, headers, body }, keys, now());
    const parameters = new URLSearchParams(body.toString());
    const name = parameters.get("Action") ?? "";
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (action === undefined)
      throw new Ec2Error(400, "InvalidAction", `The action ${name} is not valid for this web service.`);
    const elements = toXml({ requestId, ...action(account, parameters) });
    return `<${name}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">${elements}</${name}Response>`;
  }

  const server: Server = createServer((request, response) => {
    if (faults.strike(`${request.method} ${request.url}`, response)) return;
    const requestId = randomUUID();
    response.setHeader("x-amzn-requestid", requestId);
    handle(request, requestId).then(
      (xml) => answer(response, 200, xml),
      (error: unknown) => answerError(response, error, requestId),
    );
  });
  const listening = await listen(server, port);

  return {
    ...listening,
    keys,
    faults,
    machines: () =>
      account
        .machines()
        .map((machine) => ({ id: machine.id, name: machine.tags.get("Name") ?? "", state: account.state(machine) })),
    failNext: (times, status, code, message) => {
      failures.push(...Array.from({ length: times }, () => new Ec2Error(status, code, message)));
    },
    close: () => closeServer(server),
  };
}

function answer(response: ServerResponse, status: number, xml: string): void {
  response.writeHead(status, { "Content-Type": "text/xml;charset=UTF-8", Server: "AmazonEC2" });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>\n${xml}`);
}

function answerError(response: ServerResponse, error: unknown, requestId: string): void {
  const known = error instanceof Ec2Error ? error : new Ec2Error(500, "InternalError", String(error));
  const errors = { Error: { Code: known.code, Message: known.message } };
  answer(response, known.status, toXml({ Response: { Errors: errors, RequestID: requestId } }));
}
