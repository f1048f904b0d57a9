/** The words that may stand behind `dispatch-server`, as data: parsing and help derive from them. */

export interface ServerCommand {
  readonly summary: string;
  /** The one argument it takes, as the help names it. */
  readonly argument?: string;
  /** Flags of its own; it takes those of the server as well. */
  readonly flags: Readonly<Record<string, CommandFlag>>;
  readonly example: string;
  /** What somebody should know before using it. */
  readonly notes: string;
}

export interface CommandFlag {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly value?: string;
  readonly choices?: readonly string[];
  readonly help: string;
}

export const serverCommands = {
  config: {
    summary: "Print the settings in force and where each comes from",
    flags: {
      output: {
        type: "string",
        short: "o",
        value: "FORMAT",
        choices: ["table", "json"],
        help: "table or json (default table)",
      },
    },
    example: "dispatch-server config --config /etc/dispatch.yaml -o json",
    notes: "Nothing is started. Secrets are masked.",
  },
  backup: {
    summary: "Write everything that cannot be made again into one file",
    argument: "FILE",
    flags: {
      "with-key": {
        type: "boolean",
        help: "include the master key and the administrator's token: whoever has the file then has the secrets",
      },
    },
    example: "dispatch-server backup /backups/monday.tar.gz --data-dir /var/lib/dispatch",
    notes:
      "Works while the server runs and when it is stopped. The file holds the database and the functions' sources;\nimages are installed again from their manifests.",
  },
  restore: {
    summary: "Bring a backup back, while the server is stopped",
    argument: "FILE",
    flags: {
      force: { type: "boolean", help: "also into a folder that is not empty; what was there is set aside" },
    },
    example: "dispatch-server restore /backups/monday.tar.gz --data-dir /var/lib/dispatch",
    notes: "The file is checked wholly before anything changes.",
  },
  install: {
    summary: "Make it a service of systemd, which starts it at boot and again when it fails",
    flags: {
      user: {
        type: "string",
        value: "NAME",
        help: "the system user that the server is, made when missing (default root)",
      },
      "unit-dir": { type: "string", value: "DIR", help: "where the unit is written (default /etc/systemd/system)" },
      force: { type: "boolean", help: "also over a unit that says something else" },
      "dry-run": { type: "boolean", help: "only say what would be done, and show the unit" },
    },
    example: "dispatch-server install --gateway-host 0.0.0.0 --dry-run",
    notes:
      "The flags of the server go into the unit; its data folder is /var/lib/dispatch unless --data-dir names another.\nAs root each function has a user of its own, so root is the better choice.",
  },
  upgrade: {
    summary: "Give the service of systemd this program, and the old one again when the new one is not well",
    flags: {
      "unit-dir": { type: "string", value: "DIR", help: "where the unit is (default /etc/systemd/system)" },
      program: { type: "string", value: "FILE", help: "the program that the service is to run (default: this one)" },
      patience: {
        type: "string",
        value: "SECONDS",
        help: "how long the new server may take until it is well (default 60)",
      },
      "dry-run": { type: "boolean", help: "only say what would be done" },
    },
    example: "/opt/dispatch-new/bin/dispatch-server upgrade --dry-run",
    notes:
      "A backup is written first. What the new server recorded before it was found not to be well is lost with it.\nCalls are refused while the one stops and the other starts.",
  },
} as const satisfies Readonly<Record<string, ServerCommand>>;

export type ServerCommandName = keyof typeof serverCommands;
