/** What a handler is given. */
import type { Client } from "../../client/client.ts";
import type { OutputFormat } from "../output/format.ts";
import type { Command } from "./command.ts";
import type { Config } from "./config-file.ts";
import type { Flags } from "./flags.ts";
import type { Io } from "./io.ts";
import type { Settings } from "./settings.ts";

export interface Context {
  readonly io: Io;
  readonly args: readonly string[];
  readonly flags: Flags;
  readonly config: Config;
  readonly settings: Settings;
  readonly format: OutputFormat;
  /** Talks to the server of the settings. */
  readonly client: Client;
  /** From the root down to the command. */
  readonly path: readonly Command[];
}

/** An argument that the count of arguments guarantees; "" for an optional one that was not given. */
export function argument(context: Context, index: number): string {
  return context.args[index] ?? "";
}
