/** What the person at the keyboard asks of the red team. */
import { parseArgs } from "node:util";

export interface Options {
  /** Groups to try; empty is all. */
  readonly only: readonly string[];
  /** Also half a minute of mixed hostile load beside honest traffic; alone with `--only load`. */
  readonly load: boolean;
  readonly help: boolean;
}

/** @throws Error with a sentence when an option or a group is unknown. */
export function readOptions(args: readonly string[], groups: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true, default: [] },
      load: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const unknown = values.only.find((name) => !groups.includes(name));
  if (unknown !== undefined) throw new Error(`--only ${unknown}: one of ${groups.join(", ")}`);
  return values;
}

export function helpText(groups: readonly string[]): string {
  return `The project's own red team: it starts a server of its own on the loopback, attacks it, and says what held.

Usage
  npm run attack                        every attack
  npm run attack -- --only GROUP        one group; repeatable
  npm run attack -- --load              half a minute of hostile load beside honest traffic, measured

Groups
  ${groups.join(", ")}

Example
  npm run attack -- --only escapes --only network

The exit status is 1 when an attack succeeded. Nothing outside of this machine is attacked. As root a few attacks put an
address on the loopback interface, and take it away again.
`;
}
