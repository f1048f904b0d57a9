/** Requests as they are: every header under the test's control, answers unparsed. */
import { Agent, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { request as httpsRequest, Agent as TlsAgent } from "node:https";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Sending {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });
/** The servers under test sign their own certificates. */
const tlsAgent = new TlsAgent({ keepAlive: true, rejectUnauthorized: false });

/** One request; rejects when no whole answer comes back. */
export function send(url: string, { method = "GET", headers = {}, body }: Sending = {}): Promise<Answer> {
  const secure = url.startsWith("https:");
  const options = { method, headers: withLength(headers, body), agent: secure ? tlsAgent : agent, ...dots(url) };
  return new Promise((resolve, reject) => {
    const request = secure ? httpsRequest(url, options) : httpRequest(url, options);
    request.on("error", (error: NodeJS.ErrnoException) => {
      // The server may close an idle connection in the very moment in which it is used again.
      const again = request.reusedSocket && error.code === "ECONNRESET";
      if (again) send(url, { method, headers, ...(body === undefined ? {} : { body }) }).then(resolve, reject);
      else reject(error);
    });
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    request.end(body);
  });
}

/** A path with `.` and `..` as it is written: the class URL would clean it before it is sent. */
function dots(url: string): { readonly path?: string } {
  const path = url.replace(/^\w+:\/\/[^/]*/, "");
  return /\/\.\.?(?:\/|$)/.test(path) ? { path } : {};
}

/** Without a length Node would send GET and DELETE bodies in chunks, which no known client does. */
function withLength(
  headers: Readonly<Record<string, string>>,
  body: string | Buffer | undefined,
): Readonly<Record<string, string>> {
  return body === undefined ? headers : { "content-length": String(Buffer.byteLength(body)), ...headers };
}
