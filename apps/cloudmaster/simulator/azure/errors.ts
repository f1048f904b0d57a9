/** An error in Azure's own words: HTTP status, code, message. */
export class ArmError extends Error {
  override name = "ArmError";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
