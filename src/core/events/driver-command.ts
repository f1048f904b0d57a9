/** What a driver's program is given: its arguments and its environment (cli-and-runtimes.md 3.1). Pure. */
import type { DriverConfig } from "./driver-config.ts";

/** Names that mean something to the loader, the shell or the interpreter: a secret of such a name would change the program. */
const RESERVED = /^(?:PATH|HOME|LANG|IFS|ENV|BASH_ENV|AUTH_TOKEN|DISPATCH_.*|LD_.*|NODE_.*|PYTHON.*)$/;

/** @param endpoint host and port of the server, as the program sees it. */
export function driverArguments(config: DriverConfig, endpoint: string): string[] {
  const options = Object.entries(config).map(([key, value]) => (value === "" ? `--${key}` : `--${key}=${value}`));
  return [...options, `--dispatch-api-endpoint=${endpoint}`];
}

/** The keys of its secrets in capital letters, with `_` for `-`. @throws Error that names a key which cannot be one. */
export function driverEnvironment(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      const name = key.toUpperCase().replaceAll("-", "_");
      if (!/^[A-Z_]\w*$/.test(name))
        throw new Error(`the key ${key} of a secret cannot be an environment variable: rename it`);
      if (RESERVED.test(name))
        throw new Error(`the key ${key} of a secret would replace the variable ${name}: rename it`);
      if (value.includes("\0")) throw new Error(`the value of the key ${key} of a secret has a zero byte`);
      return [name, value];
    }),
  );
}
