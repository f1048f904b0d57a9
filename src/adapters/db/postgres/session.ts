/** One connection that is opened again when it breaks, for example because the server restarts. */
import { Client, type ClientConfig } from "pg";
import { isAway, mayTryAgain } from "./errors.ts";

/** How long to wait for a server that went away. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 200;

/** Tries again while the server is away, but not for ever. @throws the last error */
export async function patiently<T>(attempt: () => Promise<T>): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(isAway(error) || mayTryAgain(error)) || performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

export class Session {
  readonly #config: ClientConfig;
  readonly #prepare: (client: Client) => Promise<void>;
  readonly #refused: (error: unknown) => void;
  #client: Client | undefined;

  /** `prepare` is run on every new connection, before anybody else has it; `refused` hears why it failed. */
  constructor(config: ClientConfig, prepare: (client: Client) => Promise<void>, refused: (error: unknown) => void) {
    this.#config = config;
    this.#prepare = prepare;
    this.#refused = refused;
  }

  /** The connection, a new one where the last is gone. Statements that are asked at once are sent at once. */
  async client(): Promise<Client> {
    this.#client ??= await this.#connected();
    return this.#client;
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
  }

  async #connected(): Promise<Client> {
    const client = new Client({ ...this.#config, pipeline: true });
    const forget = (): void => {
      if (this.#client === client) this.#client = undefined;
    };
    client.on("error", forget);
    client.on("end", forget);
    await client.connect();
    try {
      await this.#prepare(client);
    } catch (error) {
      await client.end().catch(() => {});
      this.#refused(error);
      throw error;
    }
    return client;
  }
}
