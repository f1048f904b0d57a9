/** The notifications of channels, in their order, until the connection is lost. */
import { Socket } from "node:net";
import { Client, DatabaseError, type Notification } from "pg";
import { UsageError } from "../shared/flags.ts";
import type { PostgresSettings } from "./settings.ts";

export interface WatchOptions {
  readonly settings: PostgresSettings;
  ready(): Promise<void>;
  take(notification: Notification): Promise<void>;
}

/** So many notifications wait here; those behind them wait in the server, whose queue lies on its disk. */
const MOST_WAITING = 1000;
/** A line that is dead without a word is noticed by a question that gets no answer. */
const ALIVE_MS = 15_000;

/** @throws what ended it */
export async function watchOnce({ settings, ready, take }: WatchOptions): Promise<never> {
  const socket = new Socket();
  const client = new Client({ ...settings.connection, stream: () => socket });
  const ended = new Promise<Error>((resolve) => {
    client.once("error", resolve);
    client.once("end", () => resolve(new Error("PostgreSQL has closed the connection")));
  });
  const waiting = new Waiting(socket);
  client.on("notification", (notification) => waiting.add(notification));
  void ended.then((error) => waiting.end(error));
  const heartbeat = setInterval(() => {
    if (!socket.isPaused()) client.query("select 1").catch(() => socket.destroy());
  }, ALIVE_MS);
  try {
    await client.connect();
    for (const channel of settings.channels) await client.query(`listen ${client.escapeIdentifier(channel)}`);
    await ready();
    for (;;) await take(await waiting.next());
  } catch (error) {
    throw inWords(error, settings);
  } finally {
    clearInterval(heartbeat);
    void client.end().catch(() => undefined);
    socket.destroy();
  }
}

/** What has come and is not sent yet. */
class Waiting {
  readonly #socket: Socket;
  readonly #notifications: Notification[] = [];
  #failure: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  add(notification: Notification): void {
    this.#notifications.push(notification);
    if (this.#notifications.length >= MOST_WAITING) this.#socket.pause();
    this.#wake();
  }

  end(error: Error): void {
    this.#failure = error;
    this.#wake();
  }

  /** @throws what ended the connection, behind all that had come by it */
  async next(): Promise<Notification> {
    for (;;) {
      const next = this.#notifications.shift();
      if (this.#notifications.length < MOST_WAITING / 2 && this.#socket.isPaused()) this.#socket.resume();
      if (next !== undefined) return next;
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

const WRONG_USER = ["28P01", "28000"];
/** The codes of OpenSSL and of Node.js for a certificate that is not believed. */
const CERTIFICATE = /CERT|UNABLE_TO_VERIFY|ERR_TLS/;
const NO_DATABASE = "3D000";

/** What no waiting makes better becomes a UsageError. Nothing of it has the password. */
function inWords(error: unknown, { connection: { host = "of the secret" } }: PostgresSettings): unknown {
  if (error instanceof DatabaseError && WRONG_USER.includes(error.code ?? ""))
    return new UsageError(`PostgreSQL refuses this user: ${error.message}`);
  if (error instanceof DatabaseError && error.code === NO_DATABASE)
    return new UsageError(`PostgreSQL has no such database: ${error.message}`);
  if (error instanceof Error && CERTIFICATE.test(String(Object(error).code)))
    return new UsageError(
      `the certificate of PostgreSQL ${host} is not believed (${error.message}): put that of its authority into the secret as \`certificate\``,
    );
  if (error instanceof Error && "syscall" in error)
    return new Error(`PostgreSQL ${host} cannot be reached: ${error.message || String(Object(error).code)}`);
  return error;
}
