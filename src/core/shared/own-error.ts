/** What may be said of an error in the log. */

/** An error whose message is a sentence of this program. Messages of all others may quote anybody's values: they stay out of the log. */
export class OwnError extends Error {
  override name = "OwnError";
}

/** The message of an own error, else which error it was. */
export function wordsOf(error: unknown): string {
  if (error instanceof OwnError) return error.message;
  if (!(error instanceof Error)) return typeof error;
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" ? `${error.name} ${code}` : error.name;
}
