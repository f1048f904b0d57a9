/** The text of the systemd unit (systemd.unit, systemd.service). */

export interface UnitOptions {
  /** The program and its arguments. */
  readonly command: readonly string[];
  /** Who the server is; undefined is root. */
  readonly user: string | undefined;
  /** How long a stop may take, in milliseconds. */
  readonly stopMilliseconds: number;
}

/** As systemd reads it: in quotes, with nothing that it would replace. */
export function quoted(word: string): string {
  const escaped = word.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w./:=,@-]+$/.test(word) ? word : `"${escaped}"`;
}

/** The words of a unit's ExecStart, as `quoted` wrote them; undefined when there is none. */
export function commandOf(unit: string): string[] | undefined {
  const line = /^ExecStart=(.+)$/m.exec(unit)?.[1];
  const words = line?.match(/"(?:[^"\\]|\\.)*"|\S+/g);
  return words?.map((word) =>
    word.startsWith('"') ? word.slice(1, -1).replace(/\\(.)|%(%)|\$(\$)/g, "$1$2$3") : word,
  );
}

export function unitText({ command, user, stopMilliseconds }: UnitOptions): string {
  return `# Written by dispatch-server install.
[Unit]
Description=Dispatch runs functions
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=${command.map(quoted).join(" ")}
${user === undefined ? "" : `User=${user}\n`}# An internal error ends the server; it is started again.
Restart=on-failure
RestartSec=2
# Running calls end first; then what is left of the sandboxes ends with the service.
KillMode=mixed
TimeoutStopSec=${Math.ceil(stopMilliseconds / 1000)}
# The limits of functions are control groups below that of the service.
Delegate=yes
LimitNOFILE=65536

[Install]
WantedBy=multi-user.target
`;
}
