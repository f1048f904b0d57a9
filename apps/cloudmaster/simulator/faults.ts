/** What a stand-in can be told to do wrong, as real clouds do now and then. */
import type { ServerResponse } from "node:http";

export type Fault =
  /** Too many requests, with the seconds to wait. */
  | { readonly kind: "throttle"; readonly retryAfterSeconds: number }
  /** The request is carried out, or not, and never answered. */
  | { readonly kind: "silence" }
  /** A web page of some proxy, with status 200. */
  | { readonly kind: "nonsense" }
  /** The connection breaks. */
  | { readonly kind: "hangup" }
  /** An answer in the cloud's own form. */
  | { readonly kind: "refuse"; readonly status: number; readonly body: unknown };

export interface Faults {
  /** The next `times` requests whose method and path fit go wrong in this way. */
  next(times: number, fault: Fault, fits?: RegExp): void;
  /** True when this request went wrong and was answered, or left unanswered. */
  strike(target: string, response: ServerResponse): boolean;
}

export function createFaults(): Faults {
  const planned: { left: number; readonly fault: Fault; readonly fits: RegExp }[] = [];
  return {
    next: (times, fault, fits = /./) => void planned.push({ left: times, fault, fits }),
    strike(target, response) {
      const plan = planned.find(({ left, fits }) => left > 0 && fits.test(target));
      if (plan === undefined) return false;
      plan.left--;
      commit(plan.fault, response);
      return true;
    },
  };
}

function commit(fault: Fault, response: ServerResponse): void {
  switch (fault.kind) {
    case "silence":
      return;
    case "hangup":
      response.socket?.destroy();
      return;
    case "nonsense":
      response
        .writeHead(200, { "Content-Type": "text/html" })
        .end("<html><body>Sign in to the guest network</body></html>");
      return;
    case "throttle": {
      const headers = { "Content-Type": "application/json", "Retry-After": String(fault.retryAfterSeconds) };
      response
        .writeHead(429, headers)
        .end(JSON.stringify({ error: { code: "TooManyRequests", message: "slow down" } }));
      return;
    }
    case "refuse":
      response.writeHead(fault.status, { "Content-Type": "application/json" }).end(JSON.stringify(fault.body));
  }
}
