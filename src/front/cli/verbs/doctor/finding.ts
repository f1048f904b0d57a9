export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  readonly state: "ok" | "warning" | "broken" | "skipped";
  readonly message: string;
  readonly remedy?: string;
}

export function finding(check: string, state: Finding["state"], message: string, remedy?: string): Finding {
  return { check, state, message, ...(remedy && { remedy }) };
}
