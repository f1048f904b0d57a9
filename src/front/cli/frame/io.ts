/** Everything that the command line asks of its process; tests hand in their own. */
export interface Io {
  /** What goes to a terminal has no control characters: functions, servers and files that strangers wrote speak in it. */
  stdout(text: string): void;
  stderr(text: string): void;
  /** Puts a line in the place of the one that stderr shows. */
  replaceLine(line: string): void;
  /** All of standard input. */
  stdin(): Promise<string>;
  /** The lines of standard input, as they are typed. */
  lines(): AsyncIterable<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Progress is shown only to a person. */
  readonly stderrIsTerminal: boolean;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** Milliseconds since 1970. */
  now(): number;
}
