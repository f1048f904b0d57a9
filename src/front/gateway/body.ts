/** The bytes of a request body, never more than the limit (decision 18). */
import type { IncomingMessage } from "node:http";
import { DispatchError } from "../../core/shared/errors.ts";
import { Refusal } from "./answer.ts";

/** The caller went away before the body was whole: there is nobody to answer. */
export class ClientGone extends Error {
  override name = "ClientGone";
}

/** Says whether bytes follow, without reading them. */
function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && Number(length) > 0);
}

/** @throws Refusal 413, ClientGone */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  if (!hasBody(request)) return Promise.resolve(Buffer.alloc(0));
  if (Number(request.headers["content-length"] ?? 0) > limit) return Promise.reject(tooLarge(limit));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) return reject(tooLarge(limit));
      chunks.push(chunk);
    });
    request.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    // "close" follows a whole body as well as a broken one, for which Node emits an error only to those who listen.
    request.on("close", () => request.complete || reject(new ClientGone("the caller went away")));
  });
}

/** The refusal of a body past the limit. */
export function tooLarge(limit: number): Refusal {
  const { status, message } = new DispatchError("TOO_LARGE", { limit, setting: "max-body-bytes" });
  // The connection stays: cut off in the middle of sending, many clients would never read why. Node drops the rest.
  return new Refusal(status, message);
}
