/** The last lines of a driver, over the restarts of its program; gone with the server. */

export interface DriverLine {
  /** Counts up from 1; whoever reads on names the last one it has. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** `server` for what the server itself says of the driver. */
  readonly stream: "stdout" | "stderr" | "server";
  readonly text: string;
}

const MOST_LINES = 1000;
const MOST_LETTERS = 1024 * 1024;

export class DriverLog {
  #lines: DriverLine[] = [];
  #letters = 0;
  #last = 0;

  add(stream: DriverLine["stream"], text: string): void {
    this.#last += 1;
    this.#lines.push({ number: this.#last, time: Date.now(), stream, text });
    this.#letters += text.length;
    // Now and then: a program that writes all the time would have its whole log copied for each line.
    if (this.#lines.length > 2 * MOST_LINES || this.#letters > 2 * MOST_LETTERS) this.#shorten();
  }

  /** Those after a number, oldest first; all that are kept when the number is of another life of the server. */
  since(number: number): readonly DriverLine[] {
    this.#shorten();
    return number > this.#last ? this.#lines : this.#lines.filter((line) => line.number > number);
  }

  #shorten(): void {
    let dropped = 0;
    while (this.#lines.length - dropped > MOST_LINES || this.#letters > MOST_LETTERS) {
      this.#letters -= this.#lines[dropped]?.text.length ?? 0;
      dropped += 1;
    }
    if (dropped > 0) this.#lines = this.#lines.slice(dropped);
  }

  /** What the program complained about last, or said, for a reason. */
  get lastWords(): string | undefined {
    const saidTo = (wanted: DriverLine["stream"]): DriverLine | undefined =>
      this.#lines.findLast(({ stream, text }) => stream === wanted && text.trim() !== "");
    return (saidTo("stderr") ?? saidTo("stdout"))?.text.trim().slice(0, 500);
  }
}
