/** What a function said after the end of a run is kept with that run, so that whoever looks at it finds it. */
import type { Database } from "../shared/ports.ts";
import type { RunRecord } from "./record.ts";
import { withoutToken } from "./run-token.ts";
import { keepLogs } from "./store.ts";

export interface LateLine {
  readonly organization: string;
  readonly run: string;
  readonly stream: "stdout" | "stderr";
  readonly line: string;
}

export interface LateLinesPorts {
  readonly database: Pick<Database, "commit">;
  /** The run once its end is on record; undefined when it left none. */
  ended(organization: string, run: string): Promise<RunRecord | undefined>;
  readonly log: { warn(details: object, message: string): void };
}

/** How long lines are collected before they are written together. */
const COLLECT_MS = 300;
/** Most lines of one such write, also while a full disk delays the one before. The server's log has all lines. */
const MOST_LINES = 200;

export class LateLines {
  readonly #ports: LateLinesPorts;
  #waiting: LateLine[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(ports: LateLinesPorts) {
    this.#ports = ports;
  }

  add(line: LateLine): void {
    if (this.#waiting.length >= MOST_LINES) return;
    if (this.#waiting.push({ ...line, line: withoutToken(line.run, line.line) }) > 1) return;
    void this.#writing.then(() => setTimeout(() => this.#write(), COLLECT_MS).unref());
  }

  #write(): void {
    const lines = this.#waiting;
    this.#waiting = [];
    const byRun = Map.groupBy(lines, ({ run }) => run);
    this.#writing = Promise.all([...byRun.values()].map((of) => this.#append(of))).then(
      () => undefined,
      (error: unknown) => this.#ports.log.warn({ err: error }, "output after the end of a run could not be kept"),
    );
  }

  /** One that is not on record, because it was withdrawn or its function deleted, keeps nothing. */
  async #append(lines: readonly LateLine[]): Promise<void> {
    const [first] = lines;
    const run = first && (await this.#ports.ended(first.organization, first.run));
    if (run?.finished === undefined) return;
    await this.#ports.database.commit([keepLogs(withLines(run, lines))]);
  }
}

function withLines(run: RunRecord, lines: readonly LateLine[]): RunRecord {
  const of = (stream: "stdout" | "stderr"): readonly string[] | null => {
    const more = lines.filter((late) => late.stream === stream).map(({ line }) => line);
    return more.length === 0 ? run[stream] : [...(run[stream] ?? []), ...more];
  };
  return { ...run, stdout: of("stdout"), stderr: of("stderr") };
}
