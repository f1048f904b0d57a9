/** Refusals in the audit log: counted for each person, and written once a minute, so that nobody can fill it by asking. */
import type { Database } from "../shared/ports.ts";
import { type Principal, principalText } from "../shared/principal.ts";
import { auditStatement } from "./audit.ts";

export interface Refusal {
  /** Who was refused; `anonymous` with an address where nobody knows. */
  readonly principal: Principal;
  readonly organization: string;
  /** 401 or 403. */
  readonly status: number;
  /** What they asked for last: `GET /v1/secret/aws`. */
  readonly request: string;
}

interface Counted {
  readonly refusal: Refusal;
  count: number;
}

const EVERY_MS = 60_000;
/** So many persons have a row of their own in one minute; all others share one. */
const MAX_ROWS = 100;
const MAX_REQUEST = 200;

export class Refusals {
  readonly #database: Database;
  readonly #log: { warn(details: object, message: string): void };
  readonly #timer: NodeJS.Timeout;
  #counted = new Map<string, Counted>();

  constructor(database: Database, log: { warn(details: object, message: string): void }) {
    this.#database = database;
    this.#log = log;
    this.#timer = setInterval(() => void this.flush(), EVERY_MS).unref();
  }

  add(refusal: Refusal): void {
    const { principal, organization, status } = refusal;
    const key = `${status} ${organization} ${principalText(principal)}`;
    const known = this.#counted.get(key) ?? (this.#counted.size < MAX_ROWS ? undefined : this.#others(refusal));
    if (known === undefined) this.#counted.set(key, { refusal, count: 1 });
    else known.count++;
  }

  /** Writes down what was counted. */
  async flush(): Promise<void> {
    const counted = [...this.#counted.values()];
    this.#counted = new Map();
    if (counted.length === 0) return;
    const entries = counted.map(({ refusal, count }) => auditStatement(entryOf(refusal, count)));
    await this.#database.commit(entries).catch((error: unknown) => {
      this.#log.warn({ err: error }, "refusals could not be written to the audit log");
    });
  }

  stop(): Promise<void> {
    clearInterval(this.#timer);
    return this.flush();
  }

  #others({ status }: Refusal): Counted {
    const principal: Principal = { kind: "anonymous", id: "others", organization: "", via: "rest" };
    const others = this.#counted.get("others") ?? {
      refusal: { principal, organization: "", status, request: "" },
      count: 0,
    };
    this.#counted.set("others", others);
    return others;
  }
}

function entryOf({ principal, organization, status, request }: Refusal, count: number) {
  const name = `${count} x ${status} ${request}`.trim().slice(0, MAX_REQUEST);
  return { principal, organization, action: "refused", kind: "Request", name };
}
