/** One request of Slack to an app. */
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

export interface Delivery {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** PEM of a certificate that is trusted besides the public ones. Slack itself has no such thing. */
  readonly ca: string | undefined;
  readonly timeoutMs: number;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** @throws Error when the app cannot be reached, its certificate is not trusted, or it is too slow (`name` is TimeoutError). */
export function deliver(delivery: Delivery): Promise<Answer> {
  const { url, body, headers, ca, timeoutMs } = delivery;
  const signal = AbortSignal.timeout(timeoutMs);
  const options = { method: "POST", headers: { ...headers, "Content-Length": Buffer.byteLength(body) }, signal };
  return new Promise((resolve, reject) => {
    const outgoing = url.startsWith("https:")
      ? requestHttps(url, { ...options, ...(ca === undefined ? {} : { ca }) })
      : requestHttp(url, options);
    outgoing.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const { statusCode: status = 0, headers: answered } = response;
        resolve({ status, contentType: answered["content-type"] ?? "", body: Buffer.concat(chunks).toString() });
      });
    });
    outgoing.on("error", (error) => reject(signal.aborted ? signal.reason : error));
    outgoing.end(body);
  });
}
