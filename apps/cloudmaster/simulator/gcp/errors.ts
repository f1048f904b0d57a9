/** An error in Google's own words: HTTP status, reason, message. */
export class GceError extends Error {
  override name = "GceError";
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

export function notFound(resource: string): GceError {
  return new GceError(404, "notFound", `The resource '${resource}' was not found`);
}
