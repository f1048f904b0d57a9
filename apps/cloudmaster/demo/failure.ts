/** A step of the demo went wrong; `output` is what the program that failed has printed. */
export class StepFailure extends Error {
  override name = "StepFailure";
  readonly output: string;

  constructor(message: string, output = "") {
    super(message);
    this.output = output;
  }
}
