/** What a check of `doctor` found. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  readonly state: "ok" | "warning" | "broken" | "skipped";
  readonly message: string;
  /** How to fix it. */
  readonly remedy?: string;
}
