/** The few calls that set up what is measured. */
import { setTimeout as sleep } from "node:timers/promises";

export interface Resource {
  readonly name: string;
  readonly status: string;
  readonly reason?: readonly string[] | null;
}

/** Any cookie and an organization: what a client sends under `--auth none`. */
export const headers = {
  Cookie: "bench",
  "X-Dispatch-Org": "dispatch-server",
  "Content-Type": "application/json",
} as const;

const BUILD_PATIENCE_MS = 120_000;

export class Rest {
  readonly base: string;

  constructor(base: string) {
    this.base = base;
  }

  /** @throws Error with the server's answer when it is no success. */
  async call<T>(method: string, path: string, body?: object): Promise<T> {
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(this.base + path, { method, headers, ...text });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer}`);
    return answer === "" ? (undefined as T) : (JSON.parse(answer) as T);
  }

  /** Asks every `pause` milliseconds until the resource is READY. @throws Error with the reason when it becomes ERROR. */
  async ready(path: string, pause = 1): Promise<void> {
    const until = performance.now() + BUILD_PATIENCE_MS;
    for (;;) {
      const { status, reason } = await this.call<Resource>("GET", path);
      if (status === "READY") return;
      if (status === "ERROR" || performance.now() > until) throw new Error(`${path} is ${status}: ${reason}`);
      await sleep(pause);
    }
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.base}/metrics`, { headers })).text();
  }
}
