/** The HTTP protocol of the server inside a function's container (cli-and-runtimes.md 2.3). */
import { Pool } from "undici";
import { memberText } from "../../../core/shared/json-text.ts";
import type { FunctionFailure, RunLogs } from "../../../core/shared/ports.ts";
import { SERVER_PORT } from "../../docker/filter.ts";

/** What one call came to. Nothing is masked yet. */
export interface Answer {
  readonly logs: RunLogs;
  /** JSON text; "null" beside an error. */
  readonly output: string;
  readonly error: FunctionFailure | undefined;
}

interface AnswerContext {
  readonly error?: { readonly type?: unknown; readonly message?: unknown; readonly stacktrace?: unknown } | null;
  readonly logs?: { readonly stdout?: unknown; readonly stderr?: unknown } | null;
}

const HEALTH_MS = 1000;

const linesOf = (value: unknown): string[] | null =>
  Array.isArray(value) && value.length > 0 ? value.map(String) : null;

const failureOf = (error: AnswerContext["error"]): FunctionFailure | undefined => {
  if (error === undefined || error === null) return undefined;
  const type = error.type === "InputError" || error.type === "SystemError" ? error.type : "FunctionError";
  return { type, message: String(error.message ?? ""), stacktrace: linesOf(error.stacktrace) };
};

/** @throws Error when the text is no answer. */
export const parseAnswer = (text: string): Answer => {
  const { context } = JSON.parse(text) as { readonly context?: AnswerContext | null };
  return {
    logs: { stdout: linesOf(context?.logs?.stdout), stderr: linesOf(context?.logs?.stderr) },
    // As the function wrote it: numbers stay exact.
    output: memberText(text, "payload") ?? "null",
    error: failureOf(context?.error),
  };
};

/** The answer is longer than anybody may say. */
export class LongAnswer extends Error {
  override name = "LongAnswer";
}

export class FunctionServer {
  readonly #pool: Pool;
  readonly #longest: number;

  /** @param longest bytes of an answer. */
  constructor(address: string, longest: number) {
    this.#pool = new Pool(`http://${address}:${SERVER_PORT}`, { headersTimeout: 0, bodyTimeout: 0 });
    this.#longest = longest;
  }

  async isHealthy(): Promise<boolean> {
    try {
      const signal = AbortSignal.timeout(HEALTH_MS);
      const { statusCode, body } = await this.#pool.request({ method: "GET", path: "/healthz", signal });
      await body.dump();
      return statusCode === 200;
    } catch {
      return false;
    }
  }

  /** @throws Error when the container does not answer, or with what is no answer. */
  async call(envelope: string): Promise<Answer> {
    const headers = { "content-type": "application/json" };
    const { statusCode, body } = await this.#pool.request({ method: "POST", path: "/", headers, body: envelope });
    const text = await this.#text(body);
    if (statusCode !== 200) throw new Error(`answered with status ${statusCode}`);
    return parseAnswer(text);
  }

  close(): void {
    void this.#pool.destroy();
  }

  async #text(body: AsyncIterable<Buffer>): Promise<string> {
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of body) {
      length += part.length;
      if (length > this.#longest) throw new LongAnswer();
      parts.push(part);
    }
    return Buffer.concat(parts).toString();
  }
}
