/** What a house of clocks and the server tell each other: one JSON text a line, on descriptor 3. */

/** The drivers that may live in one. */
export const CLOCKS = ["cron", "ticker"] as const;
export type ClockName = (typeof CLOCKS)[number];

/** From the server. `id` names one life of one clock. */
export type Order = StartOrder | { readonly id: number; readonly stop: true };

export interface StartOrder {
  readonly id: number;
  readonly clock: ClockName;
  /** As a program of its own would be given them. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** To the server. */
export type Report = { readonly id: number } & (
  | { readonly hello: true }
  | { readonly stream: "stdout" | "stderr"; readonly line: string }
  /** Why it ended, in the words for a program: `exit code 1`. */
  | { readonly ended: string }
);
