/** An error in AWS's own words: HTTP status, code, message. */
export class Ec2Error extends Error {
  override name = "Ec2Error";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
