/**
 * The function door of Dispatch as far as Cloudmaster uses it, with the functions run in this process and a store that
 * lasts as long: what the tests of Cloudmaster stand on. The real door is tried by the demo and by Dispatch's own tests.
 */
import type { IncomingMessage } from "node:http";
import { createServer } from "node:http";
import type { Context, DoorAddress } from "../functions/shared/context.ts";
import { closeServer, listen, readBody } from "../simulator/listener.ts";

export type Handler = (context: Context, payload: unknown) => unknown;

/** One run that was asked for. */
export interface AskedRun {
  readonly functionName: string;
  readonly blocking: boolean;
  readonly input: unknown;
  readonly secrets: readonly string[];
  readonly idempotencyKey: string | undefined;
}

export interface Door extends DoorAddress {
  readonly runs: readonly AskedRun[];
  close(): Promise<void>;
}

export interface DoorOptions {
  /** A function that is not here answers 404. */
  readonly functions: Readonly<Record<string, Handler>>;
  /** Name of a secret to its values. */
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const TOKEN = "run-token";

export async function startDoor({ functions, secrets = {} }: DoorOptions): Promise<Door> {
  const runs: AskedRun[] = [];
  const started: Promise<unknown>[] = [];
  const state: State = new Map();
  const server = createServer(async (request, response) => {
    const reply = (status: number, body: unknown) => void response.writeHead(status).end(JSON.stringify(body));
    const functionName = new URL(request.url ?? "", "http://door").searchParams.get("functionName") ?? "";
    const { authorization, "idempotency-key": key } = request.headers;
    if (authorization !== `Bearer ${TOKEN}`) return reply(401, { code: 401, message: "not authorized" });
    if (request.url?.startsWith("/v1/state/")) return reply(...(await answerState(state, request)));
    const body = JSON.parse((await readBody(request)).toString()) as Omit<AskedRun, "functionName" | "idempotencyKey">;
    runs.push({ ...body, functionName, idempotencyKey: key?.toString() });
    const handler = functions[functionName];
    if (handler === undefined) return reply(404, { code: 404, message: `function ${functionName} not found` });
    const context = { dispatch: door, secrets: Object.assign({}, ...body.secrets.map((name) => secrets[name])) };
    const run = finish(() => handler(context, body.input));
    if (body.blocking) return reply(200, await run);
    started.push(run);
    return reply(202, { status: "INITIALIZED" });
  });
  const { url } = await listen(server, 0);
  const door: Door = { url, token: TOKEN, organization: "dispatch-server", runs, close };

  async function close(): Promise<void> {
    await Promise.all(started);
    await closeServer(server);
  }
  return door;
}

type State = Map<string, { readonly value: unknown; readonly version: number }>;

/** `/v1/state/{application}/{key}`, as far as the journal uses it. */
async function answerState(state: State, request: IncomingMessage): Promise<[status: number, body: unknown]> {
  const { pathname, searchParams } = new URL(request.url ?? "", "http://door");
  const known = state.get(pathname);
  if (request.method === "GET") return known === undefined ? [404, {}] : [200, known];
  if (request.method === "DELETE") {
    if (known === undefined) return [404, {}];
    if (known.version !== Number(searchParams.get("version"))) return [409, {}];
    state.delete(pathname);
    return [204, undefined];
  }
  const { value, version } = JSON.parse((await readBody(request)).toString()) as { value: unknown; version: number };
  if ((known?.version ?? 0) !== version) return [409, {}];
  state.set(pathname, { value, version: version + 1 });
  return [200, { version: version + 1 }];
}

async function finish(run: () => unknown): Promise<unknown> {
  try {
    return { status: "READY", output: (await run()) ?? null };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { status: "ERROR", error: { type: name === "InputError" ? name : "FunctionError", message } };
  }
}
