/** HTTP over the engine's socket: one call, its answer, and what its refusals say. */
import type { Readable } from "node:stream";
import { Agent, type Dispatcher } from "undici";
import { EngineError } from "./engine-error.ts";

export interface EngineCall {
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as a tar archive, instead of JSON. */
  readonly archive?: Readable;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

export type EngineBody = Dispatcher.ResponseData["body"];

/** Bytes of an answer that is kept whole: inspections and lists are far shorter. */
const LONGEST_ANSWER = 16 * 1024 * 1024;

const messageOf = (text: string): string => {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    return typeof message === "string" ? message : text;
  } catch {
    return text;
  }
};

/** @throws EngineError for an answer over the limit. */
export const textOf = async (body: EngineBody, limit = LONGEST_ANSWER): Promise<string> => {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > limit) throw new EngineError(0, `the Docker engine's answer is longer than ${limit} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
};

export class EngineHttp {
  readonly #socket: string;
  readonly #agent: Agent;

  constructor(socket: string) {
    this.#socket = socket;
    // A container may be awaited for days, and a build be silent for long.
    this.#agent = new Agent({ connect: { socketPath: socket }, headersTimeout: 0, bodyTimeout: 0 });
  }

  /** The body of the answer, to be read. @throws EngineError with the engine's own sentence. */
  async stream(method: Dispatcher.HttpMethod, path: string, call: EngineCall = {}): Promise<EngineBody> {
    const { statusCode, body } = await this.#request(method, path, call);
    if (statusCode < 400) return body;
    throw new EngineError(statusCode, `Docker: ${messageOf(await textOf(body)).trim()}`);
  }

  async json<Answer>(method: Dispatcher.HttpMethod, path: string, call: EngineCall = {}): Promise<Answer> {
    const body = await this.stream(method, path, call);
    const text = await textOf(body).catch((error: unknown) => {
      throw error instanceof EngineError || call.signal?.aborted === true ? error : this.#unreachable(error);
    });
    return (text === "" ? undefined : JSON.parse(text)) as Answer;
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #request(method: Dispatcher.HttpMethod, path: string, call: EngineCall): Promise<Dispatcher.ResponseData> {
    const { query, json, archive, headers, signal } = call;
    const type = archive === undefined ? "application/json" : "application/x-tar";
    const body = archive ?? (json === undefined ? undefined : JSON.stringify(json));
    try {
      return await this.#agent.request({
        ...{ origin: "http://docker", method, path, body: body ?? null, signal: signal ?? null },
        ...(query === undefined ? {} : { query }),
        headers: { ...(body === undefined ? {} : { "content-type": type }), ...headers },
      });
    } catch (error) {
      if (signal?.aborted === true) throw error;
      throw this.#unreachable(error);
    }
  }

  #unreachable(error: unknown): EngineError {
    const { code, message } = error as NodeJS.ErrnoException;
    const words = `the Docker engine at ${this.#socket} does not answer (${code ?? message})`;
    return new EngineError(
      0,
      `${words}: start it (systemctl start docker), or name its socket with --docker-socket`,
      error,
    );
  }
}
