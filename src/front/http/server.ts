/** The REST API: mounts every operation, authenticates, and turns errors into `{code, message}`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Refusal } from "../../core/audit/refusals.ts";
import type { DiskRoom } from "../../core/capacity/disk-room.ts";
import { PROOF_PATH, proofText } from "../../core/iam/proof.ts";
import type { Operation } from "../../core/shared/contract.ts";
import { DispatchError, isError } from "../../core/shared/errors.ts";
import type { Principal } from "../../core/shared/principal.ts";
import type { GuessBrake } from "../guess-brake.ts";
import { expectUpload, holdUpload } from "../patience.ts";
import {
  type AccessRules,
  administrator,
  anonymous,
  authenticate,
  authenticateAtDoor,
  type DoorConnection,
  refuseForeignPages,
} from "./access.ts";
import { binderOf } from "./bind.ts";
import { bodyText } from "./body-text.ts";
import { cleanPath } from "./clean-path.ts";
import { currentForm, markBinary, readCloudEvents } from "./cloud-event-body.ts";
import { mountDocs, READING } from "./docs.ts";
import { type Answer, EVENT_STREAM, type Route } from "./route.ts";
import { unknownPath } from "./unknown-path.ts";
import { UploadGate } from "./upload-gate.ts";

export interface ApiOptions {
  readonly routes: readonly Route[];
  readonly access: AccessRules;
  /** Bytes of a body, except for functions. */
  readonly bodyLimit: number;
  /** Bytes of a function's body. */
  readonly uploadLimit: number;
  /** Levels to which a body may nest. */
  readonly maxJsonDepth: number;
  readonly room: DiskRoom;
  health(): object;
  /** Prometheus text about all organizations. @throws FORBIDDEN */
  metrics(principal: Principal): Promise<string>;
  /** Somebody was answered with 401 or 403. */
  refused(refusal: Refusal): void;
  readonly log: { error(details: object, message: string): void };
  /** Whether a connection to a listener comes from a function on the host's own network: then that listener is its door. */
  neighbour?(socket: Socket): Promise<DoorConnection | undefined>;
  readonly brake: Pick<GuessBrake, "wrong">;
  /** Proves that the administrator's token is known here, see core/iam/proof.ts. */
  proof(text: string): string;
}

export interface Api {
  /** To be mounted on HTTP and HTTPS servers. */
  readonly listener: (request: IncomingMessage, response: ServerResponse) => void;
  stop(): void;
  /** Says that a connection came through the function door. */
  markDoor(socket: Socket, connection: DoorConnection): void;
}

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks, once that is known. */
    principal: Principal | undefined;
  }
}

const MAX_NAME = 128;
const JSON_TYPE = "application/json";
const OCTETS = "application/octet-stream";

export async function createApi(options: ApiOptions): Promise<Api> {
  const doors = new WeakMap<Socket, DoorConnection>();
  const doorOf = doorFinder(doors, options);
  const app = fastify({
    bodyLimit: options.bodyLimit,
    requestTimeout: 30_000,
    routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 512 },
    exposeHeadRoutes: false,
    forceCloseConnections: false,
    // What the router cannot read, such as a broken escape in the path, is answered in our own form, too.
    frameworkErrors: (error, _request, reply) => sendBadRequest(error, reply),
  });
  app.decorateRequest("principal", undefined);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(JSON_TYPE, { parseAs: "buffer" }, (request, bytes, done) => {
    done(null, bodyText(request.headers, bytes as Buffer));
  });
  readCloudEvents(app, options.maxJsonDepth);
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, options));
  app.setNotFoundHandler((request, reply) => sendError(undefined, request, reply, options));
  app.addHook("onRequest", (request, _reply, done) => {
    const admit = (door: DoorConnection | undefined): void => {
      if (door === undefined) {
        refuseForeignPages(options.access, request.headers);
        done();
      } else authenticateAtDoor(options.access, request.headers, door).then(admitTo(request, done), done);
    };
    const door = doorOf(request.raw.socket);
    if (door instanceof Promise) door.then(admit).catch(done);
    else admit(door);
  });
  mountHealth(app, options);
  app.get(PROOF_PATH, (request, reply) => {
    const { localAddress: address, localPort: port } = request.raw.socket;
    const { nonce } = request.query as { nonce?: unknown };
    // At the function door the address may be one that means another program outside.
    if (doors.has(request.raw.socket)) throw new DispatchError("UNKNOWN_RESOURCE");
    if (typeof nonce !== "string" || !/^[0-9a-f]{64}$/.test(nonce))
      throw new DispatchError("BAD_REQUEST", { message: "nonce must be 64 hexadecimal digits" });
    reply.type("text/plain").send(`${options.proof(proofText(nonce, { address, port }))}\n`);
  });
  mountDocs(
    app,
    options.routes.map(({ operation }) => operation),
  );
  const gate = new UploadGate();
  for (const route of options.routes) mount(app, route, options, gate);
  await app.ready();
  let stopping = false;
  return {
    listener: (request, response) => {
      if (stopping) response.shouldKeepAlive = false;
      // Not by the router's own `rewriteUrl`: that gives every request a member more, which costs a warm run some per cent.
      const { url = "" } = request;
      if (url.includes("/.")) request.url = cleanPath(url);
      app.routing(request, response);
    },
    stop: () => {
      stopping = true;
    },
    markDoor: (socket, connection) => void doors.set(socket, connection),
  };
}

/** Connections are looked at once each, and only where functions may be on the host's network. */
function doorFinder(doors: WeakMap<Socket, DoorConnection>, { neighbour }: ApiOptions) {
  const asked = new WeakMap<Socket, Promise<DoorConnection | undefined>>();
  return (socket: Socket): DoorConnection | undefined | Promise<DoorConnection | undefined> => {
    const door = doors.get(socket);
    if (door !== undefined || neighbour === undefined) return door;
    const found = asked.get(socket) ?? neighbour(socket);
    asked.set(socket, found);
    return found;
  };
}

function admitTo(request: FastifyRequest, done: () => void): (principal: Principal) => void {
  return (principal) => {
    request.principal = principal;
    done();
  };
}

function mountHealth(app: FastifyInstance, options: ApiOptions): void {
  const answer = (_request: FastifyRequest, reply: FastifyReply) => sendJson(reply, JSON.stringify(options.health()));
  app.all("/healthz", answer);
  app.all("/healthz*", answer);
  const metrics = async (request: FastifyRequest, reply: FastifyReply) => {
    const open = options.access.auth === "none" ? administrator : undefined;
    const principal = request.principal ?? open ?? (await callerOf(options, request));
    return reply.type("text/plain; version=0.0.4").send(await options.metrics(principal));
  };
  app.route({ method: READING, url: "/metrics", handler: metrics });
}

function mount(
  app: FastifyInstance,
  { operation, handle, failed }: Route,
  options: ApiOptions,
  gate: UploadGate,
): void {
  const bind = binderOf(operation, options.maxJsonDepth);
  app.route({
    method: operation.method,
    url: operation.path.replace(/\{(\w+)\}/g, ":$1"),
    bodyLimit: operation.path.startsWith("/v1/function") ? options.uploadLimit : options.bodyLimit,
    config: { cloudEvents: operation.cloudEvents === true },
    errorHandler: (error, request, reply) => {
      const known = knownError(error, request, options);
      failed?.(request.query as Record<string, unknown>, known);
      sendError(known, request, reply, options);
    },
    onRequest: (request, reply, done) => {
      if (operation.cloudEvents) markBinary(request);
      const known = request.principal;
      if (known !== undefined) refuseBeyondDoor(operation, known);
      const found = known ?? (operation.anonymous ? anonymous : callerOf(options, request));
      const isLarge = isLargeUpload(operation.path, request);
      const admit = admitTo(request, isLarge ? () => void whenThereIsRoom(gate, request.raw, reply.raw, done) : done);
      if (found instanceof Promise) found.then(admit, done);
      else admit(found);
    },
    handler: async (request, reply) => {
      const { principal } = request;
      if (principal === undefined) throw new DispatchError("UNAUTHENTICATED");
      if (operation.body === undefined) refuseBody(request);
      // Deleting makes room: it is never refused for a full disk.
      if (operation.method === "POST" || operation.method === "PUT") options.room.refuse();
      if (Array.isArray(request.body)) {
        const answers = await Promise.all(callsOf(request, bind, principal).map(handle));
        return send(reply, operation.success, { body: `[${answers.map(({ body }) => body).join(",")}]` }, options.log);
      }
      if (operation.cloudEvents) currentForm(request);
      return send(reply, operation.success, await handle(bind(request, principal)), options.log);
    },
  });
}

/** One call for each body of a batch; all are checked before the first is made. */
function callsOf(
  request: FastifyRequest,
  bind: ReturnType<typeof binderOf>,
  principal: Principal,
): ReturnType<ReturnType<typeof binderOf>>[] {
  return (request.body as readonly string[]).map((text) => {
    request.body = text;
    return bind(request, principal);
  });
}

/** Bytes up to which an upload needs no turn. */
const SMALL_UPLOAD = 1024 * 1024;

function isLargeUpload(path: string, { headers }: FastifyRequest): boolean {
  if (!path.startsWith("/v1/function")) return false;
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > SMALL_UPLOAD;
}

async function whenThereIsRoom(
  gate: UploadGate,
  request: IncomingMessage,
  response: ServerResponse,
  done: (error?: Error) => void,
): Promise<void> {
  try {
    holdUpload(request, response);
    const leave = await gate.enter();
    expectUpload(request);
    if (response.closed) leave();
    else response.once("close", leave);
    done();
  } catch (error) {
    done(error as Error);
  }
}

/** Who asks; the answer to a wrong credential waits when there are many from one address. */
function callerOf(options: ApiOptions, { headers, raw }: FastifyRequest): Principal | Promise<Principal> {
  const refused = async (error: unknown): Promise<never> => {
    if (headers.authorization) await options.brake.wrong("the API", raw.socket.remoteAddress ?? "");
    throw error;
  };
  try {
    const found = authenticate(options.access, headers);
    return found instanceof Promise ? found.catch(refused) : found;
  } catch (error) {
    return refused(error);
  }
}

/** Without a token a function runs functions and sends events, and nothing else (decisions 16). @throws FORBIDDEN */
function refuseBeyondDoor({ method, path, permission }: Operation, { via }: Principal): void {
  if (via !== "connection" || ["runs create", "event emit"].includes(`${permission.resource} ${permission.action}`))
    return;
  const message = `${method} ${path} needs the run's token: Authorization: Bearer <context.dispatch.token>`;
  throw new DispatchError("FORBIDDEN", { message });
}

/** Whoever sends a body where none belongs hears of it, in the words that clients know (server.md 2.3). */
function refuseBody({ headers }: FastifyRequest): void {
  const { "content-length": length = "0", "transfer-encoding": encoding, "content-type": type = OCTETS } = headers;
  if (length === "0" && encoding === undefined) return;
  if (!type.startsWith(JSON_TYPE)) throw new DispatchError("UNSUPPORTED_MEDIA_TYPE", { type });
  throw new DispatchError("BODY_NOT_EXPECTED", { type: JSON_TYPE });
}

function send(
  reply: FastifyReply,
  success: number,
  { status, headers, body }: Answer,
  log: ApiOptions["log"],
): FastifyReply {
  reply.code(status ?? success);
  if (headers !== undefined) reply.headers(headers);
  if (body === undefined) return reply.send();
  if (isParts(body)) return sendParts(reply, body, log, headers?.["content-type"] === EVENT_STREAM);
  return sendJson(reply, `${typeof body === "string" ? body : JSON.stringify(body)}\n`);
}

function isParts(body: unknown): body is AsyncIterable<string> {
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body;
}

/** Milliseconds in which a client reads nothing, after which its answer is cut off. */
const LONGEST_STALL = 60_000;

/** Each part is made when the one before is on its way. */
function sendParts(
  reply: FastifyReply,
  parts: AsyncIterable<string>,
  log: ApiOptions["log"],
  goesOn: boolean,
): FastifyReply {
  const text = Readable.from(
    lineOf(parts, () => reply.raw.destroy(), goesOn ? "" : "\n"),
    { objectMode: true, highWaterMark: 1 },
  );
  // The status was sent already: only the end in the middle of the text tells the caller.
  text.on("error", (error) => log.error({ err: error, path: reply.request.url.split("?", 1)[0] }, "a list broke off"));
  return (goesOn ? reply : reply.header("content-type", JSON_TYPE)).send(text);
}

async function* lineOf(parts: AsyncIterable<string>, stalled: () => void, last: string): AsyncGenerator<string> {
  for await (const part of parts) {
    const stall = setTimeout(stalled, LONGEST_STALL);
    try {
      yield part;
    } finally {
      clearTimeout(stall);
    }
  }
  if (last !== "") yield last;
}

/** With a serializer of its own a reply keeps its type as it is: fastify would add a charset, which clients never saw. */
function sendJson(reply: FastifyReply, text: string): FastifyReply {
  return reply.header("content-type", JSON_TYPE).serializer(asItIs).send(text);
}

function asItIs(text: unknown): string {
  return text as string;
}

function sendError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { log, routes, refused, ...limits }: ApiOptions,
): FastifyReply {
  // For an unknown path the type and the size of the body do not matter.
  const known =
    request.is404 && !isError(error, "FORBIDDEN")
      ? unknownPath(routes, request, reply)
      : knownError(error, request, limits);
  if (known.status === 401 || known.status === 403) refused(refusalOf(request, known.status));
  if (known.cause !== undefined && known.status >= 500)
    log.error({ err: known.cause, path: request.url.split("?", 1)[0] }, known.message);
  if (known.retryAfter !== undefined) reply.header("retry-after", known.retryAfter);
  return sendJson(reply.code(known.status), JSON.stringify(known));
}

function sendBadRequest({ message }: Error, reply: FastifyReply): FastifyReply {
  return sendJson(reply.code(400), JSON.stringify(new DispatchError("BAD_REQUEST", { message })));
}

/** Without its query, which may hold a credential. */
function refusalOf({ principal, method, url, headers, ip }: FastifyRequest, status: number): Refusal {
  const organization = headers["x-dispatch-org"];
  return {
    principal: principal ?? { ...anonymous, id: ip },
    organization: typeof organization === "string" ? organization.slice(0, MAX_NAME) : "",
    status,
    request: `${method} ${url.split("?", 1)[0]}`,
  };
}

function knownError(
  error: unknown,
  request: FastifyRequest,
  limits: Pick<ApiOptions, "bodyLimit" | "uploadLimit">,
): DispatchError {
  return error instanceof DispatchError ? error : fromFastify(error, request, limits);
}

function fromFastify(
  error: unknown,
  request: FastifyRequest,
  limits: Pick<ApiOptions, "bodyLimit" | "uploadLimit">,
): DispatchError {
  const { code, statusCode } = error as { code?: string; statusCode?: number };
  switch (code) {
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return new DispatchError("UNSUPPORTED_MEDIA_TYPE", {
        type: request.headers["content-type"] ?? OCTETS,
      });
    case "FST_ERR_CTP_BODY_TOO_LARGE": {
      const upload = request.url.startsWith("/v1/function");
      const setting = upload ? "max-upload-bytes" : "max-body-bytes";
      return new DispatchError("TOO_LARGE", { limit: upload ? limits.uploadLimit : limits.bodyLimit, setting });
    }
    default:
      if (statusCode !== undefined && statusCode < 500) {
        return new DispatchError("BAD_REQUEST", { message: (error as Error).message }, error);
      }
      return new DispatchError(
        "INTERNAL",
        { kind: "request", name: `${request.method} ${request.url.split("?")[0]}` },
        error,
      );
  }
}
