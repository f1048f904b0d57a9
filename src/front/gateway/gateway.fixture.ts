/** A gateway with one endpoint on a real socket; runs are a plain function of the test. */
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import type { Endpoint } from "../../core/apis/endpoint.ts";
import { EndpointTable } from "../../core/apis/matching.ts";
import { DispatchError } from "../../core/shared/errors.ts";
import type { Principal } from "../../core/shared/principal.ts";
import { type Listener, listen } from "../listen.ts";
import { ChallengeBoard } from "../tls/challenge-board.ts";
import { LiveCertificate } from "../tls/live-certificate.ts";
import { createGateway } from "./gateway.ts";
import type { CalledDriver, GatewayOptions, GatewayPorts, RunRequest, RunResult } from "./ports.ts";

type Run = (request: RunRequest, principal: Principal) => RunResult | Promise<RunResult>;

/** What a test changes of an open, public endpoint that runs `echo`. */
export interface Setup {
  readonly endpoint?: Partial<Endpoint>;
  readonly run?: Run;
  readonly secrets?: Readonly<Record<string, Record<string, string>>>;
  readonly tokens?: Readonly<Record<string, Principal>>;
  /** By organization and name: the sockets of exposed event drivers. */
  readonly drivers?: Readonly<Record<string, Partial<CalledDriver>>>;
  readonly options?: GatewayOptions;
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A gateway on a real socket, and what it did. */
export interface Running {
  readonly url: string;
  readonly port: number;
  readonly runs: RunRequest[];
  /** On whose behalf each of them ran. */
  readonly principals: Principal[];
  readonly errors: string[];
  readonly warnings: string[];
  readonly listener: Listener;
}

/** Gives its input back, as the function `echo` does. */
const echo: Run = (request) => ({ runId: "run-1", status: "READY", output: request.input });

/** Starts a gateway for one test; it is closed when the test ends. */
export async function start(setup: Setup = {}): Promise<Running> {
  const runs: RunRequest[] = [];
  const principals: Principal[] = [];
  const errors: string[] = [];
  const warnings: string[] = [];
  const run = setup.run ?? echo;
  const signatures = new Set<string>();
  const ports: GatewayPorts = {
    run: async (request, principal) => {
      runs.push(request);
      principals.push(principal);
      return run(request, principal);
    },
    secret: async (_, name) => {
      const values = setup.secrets?.[name];
      if (values === undefined) throw new DispatchError("NOT_FOUND", { kind: "secret", name });
      return values;
    },
    verifyToken: async (token) => setup.tokens?.[token],
    isFirst: async (_, signature) => !signatures.has(signature) && signatures.add(signature) !== undefined,
    driver: (organization, name) => {
      const driver = setup.drivers?.[`${organization}/${name}`];
      return driver && { address: undefined, status: "READY", isDeaf: () => false, ...driver };
    },
    refused: () => {},
    endpoints: new EndpointTable("dispatch-server", () => [endpoint(setup.endpoint)]),
    now: Date.now,
    log: { warn: (_, message) => warnings.push(message), error: (_, message) => errors.push(message) },
  };
  const gateway = createGateway(setup.options ?? {}, ports);
  const tls = setup.tls && { live: new LiveCertificate(setup.tls), board: new ChallengeBoard() };
  const listener = await listen(gateway, { host: "127.0.0.1", port: 0, ...(tls ? { tls } : {}) });
  onTestFinished(() => listener.close(1000));
  const url = `${setup.tls ? "https" : "http"}://127.0.0.1:${listener.port}/dispatch-server/cloudmaster`;
  return { url, port: listener.port, runs, principals, errors, warnings, listener };
}

function endpoint(given: Partial<Endpoint> = {}): Endpoint {
  return {
    organization: "dispatch-server",
    name: "cloudmaster",
    functionName: "echo",
    authentication: "public",
    cors: false,
    enabled: true,
    httpResponse: false,
    rawBody: false,
    hosts: [],
    methods: ["POST"],
    protocols: ["http", "https"],
    paths: ["/dispatch-server/cloudmaster"],
    people: [],
    order: 1,
    ...given,
  };
}

export const jsonType = { "Content-Type": "application/json" };
export const formType = { "Content-Type": "application/x-www-form-urlencoded" };

export function post(url: string, body: string, headers: Record<string, string> = jsonType): Promise<Response> {
  return fetch(url, { method: "POST", headers, body });
}

/** Writes the bytes as they are and reads until the server closes. */
export async function raw(port: number, request: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(request);
  return text(socket);
}
