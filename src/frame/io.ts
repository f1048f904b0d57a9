/** Everything that the command line asks of its process; tests hand in their own. */
export interface Io {
  /** On a terminal control characters are made visible: the text may come from a function, a server or a file of somebody else. */
  stdout(text: string): void;
  stderr(text: string): void;
  /** Puts a line in the place of the one that stderr shows. */
  replaceLine(line: string): void;
  stdin(): Promise<string>;
  /** The lines of standard input, as they are typed. */
  lines(): AsyncIterable<string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Progress is shown only to a person. */
  readonly stderrIsTerminal: boolean;
  /** Aborted by Ctrl-C, SIGTERM, and the end of the terminal. */
  readonly signal: AbortSignal;
  now(): number;
}
