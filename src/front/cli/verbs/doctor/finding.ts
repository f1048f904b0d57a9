export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  readonly state: "ok" | "warning" | "broken" | "skipped";
  readonly message: string;
  readonly remedy?: string;
}

export function findingsOf(check: string) {
  const made =
    (state: Finding["state"]) =>
    (message: string, remedy?: string): Finding => ({ check, state, message, ...(remedy && { remedy }) });
  return { ok: made("ok"), warning: made("warning"), broken: made("broken"), skipped: made("skipped") };
}
