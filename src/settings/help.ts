import { type Definition, definitions } from "./definitions.ts";

/** What `dispatch-server --help` prints. */
export function helpText(): string {
  const groups = Map.groupBy(Object.entries(definitions) as [string, Definition][], ([, { group }]) => group);
  const sections = [...groups].map(([group, entries]) => `${group}\n${entries.map(line).join("\n")}`);
  return `Dispatch runs your functions: behind HTTP endpoints, chat commands and events.

Usage
  dispatch-server [flags]

Example
  dispatch-server --data-dir /var/lib/dispatch --gateway-host 0.0.0.0

${sections.join("\n\n")}

Every flag is also an environment variable (--data-dir: DISPATCH_DATA_DIR) and a key of the
file that --config or DISPATCH_CONFIG names (yaml, json or toml). A flag wins over the
environment, the environment over the file.
`;
}

function line([name, definition]: [string, Definition]): string {
  const flag = `  --${name}${definition.value === undefined ? "" : ` ${definition.value}`}`;
  return `${flag.padEnd(34)}${definition.help}${defaultText(definition)}`;
}

function defaultText({ type, default: value }: Definition): string {
  if (value === "" || value === false || (Array.isArray(value) && value.length === 0)) return "";
  if (type === "number" && value === 0) return "";
  return ` (default ${Array.isArray(value) ? value.join(",") : value})`;
}
