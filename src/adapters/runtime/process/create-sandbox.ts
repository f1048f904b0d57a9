import { mkdirSync } from "node:fs";
import type { Sandbox, SandboxOptions } from "./sandbox.ts";
import { createBubblewrapSandbox } from "./sandbox-bubblewrap.ts";
import { createPlainSandbox } from "./sandbox-plain.ts";

/** Makes the sandbox of this server; one for functions, builder and event drivers together. Close it last. */
export const createSandbox = async (options: SandboxOptions): Promise<Sandbox> => {
  mkdirSync(options.stateDir, { recursive: true, mode: 0o700 });
  return options.mode === "none" ? createPlainSandbox(options.stateDir, options.log) : createBubblewrapSandbox(options);
};
