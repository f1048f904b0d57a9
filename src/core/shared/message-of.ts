/** The message of anything that was thrown. What may be said in the log is `wordsOf`. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
