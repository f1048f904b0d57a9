/** What went wrong between an ACME authority and us, in words. */

const NOT_THERE =
  /ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNABORTED|EHOSTUNREACH|ENETUNREACH|EPIPE|CERT|ERR_TLS/;

/** Whether the authority was never reached, so that asking again costs nobody anything. */
export function isUnreachable(error: unknown): boolean {
  return NOT_THERE.test(codeOf(error));
}

/** The authority's own sentence, on one line. */
export function acmeProblem(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message || codeOf(error)).replace(/\s+/g, " ").slice(0, 500);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
