import { type ServerCommand, type ServerCommandName, serverCommands } from "./commands.ts";
import { type Definition, definitions } from "./definitions.ts";

/** What `dispatch-server --help` prints. */
export function helpText(): string {
  const groups = Map.groupBy(Object.entries(definitions) as [string, Definition][], ([, { group }]) => group);
  const sections = [...groups].map(([group, entries]) => `${group}\n${entries.map(line).join("\n")}`);
  return `Dispatch runs your functions: behind HTTP endpoints, chat commands and events.

Usage
  dispatch-server [flags]            start the server
${commandLines()}

Example
  dispatch-server --data-dir /var/lib/dispatch --gateway-host 0.0.0.0

${sections.join("\n\n")}

Everywhere
  --config FILE                     a yaml, json or toml file of settings
  --help, -h                        this text, or that of a command
  --version                         the version

Every flag is also an environment variable (--data-dir: DISPATCH_DATA_DIR) and a key of the
file that --config or DISPATCH_CONFIG names (yaml, json or toml). A flag wins over the
environment, the environment over the file. dispatch-server config shows what is in force.
`;
}

/** What `dispatch-server COMMAND --help` prints. */
export function commandHelpText(name: ServerCommandName): string {
  const { summary, argument, flags, example, notes }: ServerCommand = serverCommands[name];
  const own = Object.entries(flags).map(([flag, { short, value, help }]) => {
    const names = `--${flag}${short === undefined ? "" : `, -${short}`}${value === undefined ? "" : ` ${value}`}`;
    return `  ${names.padEnd(32)}${help}`;
  });
  return `dispatch-server ${name}: ${summary}

Usage
  dispatch-server ${name}${argument === undefined ? "" : ` ${argument}`} [flags]

Example
  ${example}

Flags
${own.join("\n")}
  and those of the server (dispatch-server --help), given as the server gets them

${notes}
`;
}

function commandLines(): string {
  return Object.entries(serverCommands as Readonly<Record<string, ServerCommand>>)
    .map(([name, { argument, summary }]) => {
      const usage = `  dispatch-server ${name}${argument === undefined ? "" : ` ${argument}`}`;
      return `${usage.padEnd(37)}${summary}`;
    })
    .join("\n");
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
