/**
 * A stand-in for Google's Compute Engine on the loopback: tokens that the service account signs are checked, operations
 * take their time, machines and disks live in memory only. A test double: no part of Dispatch's server.
 */
import { generateKeyPairSync } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { jwtVerify } from "jose";
import type { Faults } from "../faults.ts";
import { createFaults } from "../faults.ts";
import { closeServer, listen, readBody } from "../listener.ts";
import { GceError } from "./errors.ts";
import { createProject, PROJECT, ZONE } from "./project.ts";
import { answerGce } from "./routes.ts";

export interface GcpOptions {
  /** 0 or absent: any free port of 127.0.0.1. */
  readonly port?: number;
  readonly transitionMs?: number;
  readonly listLagMs?: number;
  readonly maxMachines?: number;
  readonly now?: () => number;
  /** Takes requests without a token: Google's own client sends none over http. */
  readonly anonymous?: boolean;
}

export interface Gcp {
  readonly url: string;
  readonly port: number;
  readonly faults: Faults;
  /** The service account's file as Google hands it out, with `zone` and the address of this stand-in. */
  readonly secret: Readonly<Record<string, string>>;
  /** Everything that costs money: `instances/...` and `disks/...`. */
  resources(): string[];
  /** The next machine is made half-way, and its operation fails like this. */
  failNextMachine(code: string, message: string): void;
  close(): Promise<void>;
}

const EMAIL = `cloudmaster@${PROJECT}.iam.gserviceaccount.com`;
const AUDIENCE = "https://compute.googleapis.com/";

export async function startGcp(options: GcpOptions = {}): Promise<Gcp> {
  const { port = 0, transitionMs = 1000, listLagMs = 0, maxMachines = 20, now = Date.now, anonymous = false } = options;
  const project = createProject({ transitionMs, listLagMs, maxMachines, now });
  const faults = createFaults();
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

  async function handle(request: IncomingMessage): Promise<unknown> {
    const body = await readBody(request);
    if (!anonymous) await authenticate(request.headers.authorization);
    return answerGce({
      project,
      method: request.method ?? "GET",
      url: new URL(request.url ?? "/", "http://gce"),
      body,
    });
  }

  async function authenticate(authorization = ""): Promise<void> {
    const token = authorization.replace(/^Bearer /, "");
    await jwtVerify(token, publicKey, {
      audience: AUDIENCE,
      issuer: EMAIL,
      subject: EMAIL,
      algorithms: ["RS256"],
    }).catch(() => {
      throw new GceError(401, "authError", "Request had invalid authentication credentials.");
    });
  }

  const server = createServer((request, response) => {
    if (faults.strike(`${request.method} ${request.url}`, response)) return;
    handle(request).then(
      (body) => reply(response, 200, body),
      (error: unknown) => reply(response, ...toAnswer(error)),
    );
  });
  const { url, port: listening } = await listen(server, port);
  return {
    url,
    port: listening,
    faults,
    secret: {
      type: "service_account",
      project_id: PROJECT,
      private_key_id: "0123456789abcdef0123456789abcdef01234567",
      private_key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      client_email: EMAIL,
      client_id: "100000000000000000001",
      token_uri: "https://oauth2.googleapis.com/token",
      zone: ZONE,
      endpoint: url,
    },
    resources: project.resources,
    failNextMachine: project.failNext,
    close: () => closeServer(server),
  };
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json; charset=UTF-8" }).end(JSON.stringify(body));
}

function toAnswer(error: unknown): [status: number, body: unknown] {
  const { status, reason, message } =
    error instanceof GceError ? error : new GceError(500, "backendError", String(error));
  return [status, { error: { code: status, message, errors: [{ message, domain: "global", reason }] } }];
}
