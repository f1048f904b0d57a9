/**
 * When an alert sends a message. Each alert is a job that repeats every few seconds: it looks for news, and sends one message a
 * minute at most, so that many failures become one message with their number. How far it has looked is recorded only when the
 * message has been sent: news that could not be sent is sent later, in one message.
 */
import { principalOfPerson } from "../iam/delegation.ts";
import type { RunRecord } from "../runs/record.ts";
import type { RunRequest } from "../runs/request.ts";
import { isPassing } from "../shared/errors.ts";
import { messageOf } from "../shared/message-of.ts";
import { OwnError } from "../shared/own-error.ts";
import { type Database, DuplicateError } from "../shared/ports.ts";
import type { Principal } from "../shared/principal.ts";
import { enqueue, giveBack, type HeldJob, repack } from "../work/job.ts";
import { NotNowError, type Perform } from "../work/worker.ts";
import { type AlertRecord, type Alerts, principalOfAlert } from "./alerts.ts";
import { lastMoment } from "./digest-time.ts";
import type { Mark, Watch } from "./watch.ts";

export interface WatcherPorts {
  readonly database: Database;
  readonly alerts: Alerts;
  readonly watches: Readonly<Record<AlertRecord["document"]["when"], Watch>>;
  readonly runs: {
    create(principal: Principal, request: RunRequest): Promise<{ readonly id: string }>;
    /** The run at its end; undefined when it left no record, or the server stops. */
    ended(organization: string, id: string): Promise<RunRecord | undefined>;
  };
  /** Work was promised. */
  readonly wake: () => void;
  readonly log: { warn(details: object, message: string): void };
}

/** What the work says: all times in milliseconds since 1970. */
interface State {
  /** What it watches: when that changes, the alert begins anew. */
  readonly watched?: string;
  readonly mark?: Mark;
  /** When it sent its last message. */
  readonly told?: number;
  /** From when on the next day's message counts. */
  readonly digested?: number;
  /** The message that is on its way. */
  readonly sending?: { readonly run: string; readonly after: State };
}

interface News {
  readonly text: string | undefined;
  readonly after: State;
}

const EVERY_MS = 5_000;
const APART_MS = 60_000;

export class AlertWatcher {
  readonly #ports: WatcherPorts;

  constructor(ports: WatcherPorts) {
    this.#ports = ports;
  }

  /** A crash may have come between an alert and its work. */
  async start(): Promise<void> {
    await Promise.all(this.#ports.alerts.all().map((record) => this.#promise(record)));
  }

  watch(record: AlertRecord): void {
    this.#promise(record).catch((error: unknown) =>
      this.#ports.log.warn({ err: error, alert: record.name }, "an alert is not watched before the next start"),
    );
  }

  readonly perform: Perform = async (job, _signal, { free }) => {
    const record = this.#ports.alerts.byId(job.organization, job.id);
    if (record === undefined) return [];
    try {
      await this.#turn(job, record, free);
    } catch (error) {
      if (!(error instanceof NotNowError)) await this.#ports.alerts.note(record, messageOf(error));
      throw error;
    }
    return undefined;
  };

  async #turn(job: HeldJob, record: AlertRecord, free: () => void): Promise<void> {
    let state = JSON.parse(job.payload) as State;
    const { sending } = state;
    // A crash came between the message and its end.
    if (sending !== undefined && (await this.#outcome(record, sending.run))?.status === "READY") state = sending.after;
    const { text, after } = await this.#news(record, state);
    if (text === undefined) return this.#later(job, EVERY_MS, after);
    const early = (notAhead(state.told) ?? 0) + APART_MS - Date.now();
    if (early > 0) return this.#later(job, early, state);
    const told = { ...after, told: Date.now() };
    // A function that sends slowly delays no other alert.
    free();
    await this.#send(job, record, text, { ...state, sending: { run: "", after: told } });
    await this.#later(job, EVERY_MS, told);
    await this.#ports.alerts.note(record, undefined);
  }

  async #news({ organization, author, name, document }: AlertRecord, state: State): Promise<News> {
    const { when, of, digest } = document;
    this.#ports.alerts.authorizeLook(principalOfPerson(author), organization, when);
    const watch = this.#ports.watches[when];
    const watched = `${when} ${of ?? ""}`;
    const { mark, news } = await watch.look({ organization, of }, state.watched === watched ? state.mark : undefined);
    const now = Date.now();
    const digested = notAhead(state.digested) ?? now;
    const isDue = digest !== undefined && lastMoment(digest, now) > digested;
    const day = isDue ? await watch.digest({ organization, of }) : undefined;
    const lines = [news, day].filter((text) => text !== undefined);
    const { told } = state;
    const after = {
      watched,
      mark,
      ...(told === undefined ? {} : { told }),
      digested: isDue ? now : digested,
    };
    return { text: lines.length === 0 ? undefined : `${name}: ${lines.join("\n")}`, after };
  }

  /** Which run it is stands in the work, so that whoever takes this up after a crash sends no second one. */
  async #send(job: HeldJob, record: AlertRecord, message: string, state: State): Promise<void> {
    const { organization, document } = record;
    const { id } = await this.#ports.runs
      .create(principalOfAlert(record), {
        organization,
        functionName: document.function,
        blocking: false,
        input: JSON.stringify({ message }),
        together: (run) => [repack(job, JSON.stringify(sendingBy(state, run)))],
      })
      .catch((error: unknown) => {
        throw isPassing(error) ? new NotNowError(EVERY_MS, error) : error;
      });
    const run = await this.#outcome(record, id);
    if (run?.status !== "READY")
      throw new OwnError(
        `the last message could not be sent: run ${id} of ${document.function}: ${run?.error?.message ?? "it failed"}`,
      );
  }

  /** @throws NotNowError when the server stops before it has ended */
  async #outcome({ organization }: AlertRecord, id: string): Promise<RunRecord | undefined> {
    const run = await this.#ports.runs.ended(organization, id);
    if (run !== undefined && run.finished === undefined) throw new NotNowError(EVERY_MS);
    return run;
  }

  #later(job: HeldJob, pause: number, state: State): Promise<void> {
    return this.#ports.database.commit([repack(job, JSON.stringify(state)), ...giveBack(job, pause, 0)]);
  }

  async #promise({ organization, id }: AlertRecord): Promise<void> {
    try {
      await this.#ports.database.commit([enqueue({ organization, kind: "alert", id, payload: "{}", maxAttempts: 0 })]);
      this.#ports.wake();
    } catch (error) {
      if (!(error instanceof DuplicateError)) throw error;
    }
  }
}

function sendingBy(state: State, run: string): State {
  return state.sending === undefined ? state : { ...state, sending: { ...state.sending, run } };
}

/** A time that lies ahead was noted before the clock was set back: it says nothing. */
function notAhead(time: number | undefined): number | undefined {
  return time === undefined || time > Date.now() ? undefined : time;
}
