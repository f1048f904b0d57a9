/** Cuts the answers of one keep-alive connection out of its bytes: status and length, nothing more, so that it costs little. */

const HEAD_END = Buffer.from("\r\n\r\n");
const STATUS_AT = "HTTP/1.1 ".length;
const EMPTY = Buffer.alloc(0);

export class AnswerReader {
  readonly #answered: (status: number) => void;
  #rest: Buffer = EMPTY;

  constructor(answered: (status: number) => void) {
    this.#answered = answered;
  }

  feed(chunk: Buffer): void {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (let length = answerLength(bytes); length <= bytes.length; length = answerLength(bytes)) {
      const status = Number(bytes.toString("latin1", STATUS_AT, STATUS_AT + 3));
      bytes = bytes.subarray(length);
      this.#answered(status);
    }
    this.#rest = bytes;
  }
}

/** Bytes of the first answer; infinite while its head is not whole. @throws Error without a Content-Length */
function answerLength(bytes: Buffer): number {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return Number.POSITIVE_INFINITY;
  const head = bytes.toString("latin1", 0, end);
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`an answer without Content-Length: ${head.slice(0, 200)}`);
  return end + HEAD_END.length + Number(length);
}
