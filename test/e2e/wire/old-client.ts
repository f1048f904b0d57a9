/** Requests byte for byte as the published command line and its generated Go client send them. */
import { type Answer, send } from "../support/http.ts";

export const ORGANIZATION = "dispatch-server";

/** What every request of a client without token carries; `unset` when nothing is configured. */
export const OLD_HEADERS = {
  accept: "application/json",
  "accept-encoding": "identity",
  cookie: "unset",
  "user-agent": "Go-http-client/1.1",
  "x-dispatch-org": ORGANIZATION,
} as const;

export type Method = "GET" | "POST" | "PUT" | "DELETE" | "PATCH";

export class OldClient {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.#url = url;
    this.#headers = { ...OLD_HEADERS, ...headers };
  }

  /** The client names the type on every method that may have a body, DELETE among them. */
  send(method: Method, path: string, body?: string): Promise<Answer> {
    const type = method === "GET" ? {} : { "content-type": "application/json" };
    const sending = { method, headers: { ...this.#headers, ...type } };
    return send(`${this.#url}${path}`, body === undefined ? sending : { ...sending, body });
  }

  /** Without the headers that every client sends. */
  bare(method: Method, path: string, headers: Readonly<Record<string, string>>, body?: string): Promise<Answer> {
    return send(`${this.#url}${path}`, body === undefined ? { method, headers } : { method, headers, body });
  }
}
