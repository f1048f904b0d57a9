/** The two services of AWS that the driver needs, over their JSON protocol. */
import { AwsClient } from "aws4fetch";
import { UsageError } from "../shared/flags.ts";
import { causeOf } from "../shared/gateway.ts";

export interface AwsAccount {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials; "" for none. */
  readonly sessionToken: string;
  /** Instead of the addresses of AWS; "" for those. */
  readonly endpoint: string;
}

export type Answer = Readonly<Record<string, unknown>>;

const SERVICES = {
  sqs: { prefix: "AmazonSQS", version: "1.0" },
  events: { prefix: "AWSEvents", version: "1.1" },
} as const;

/** Longer than the longest time for which a queue is asked to wait. */
const ANSWER_MS = 40_000;

/** AWS has refused a request. */
export class AwsError extends Error {
  override name = "AwsError";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export type AwsCall = (service: keyof typeof SERVICES, action: string, body: object) => Promise<Answer>;

/** @throws AwsError, or UsageError for what no waiting makes better */
export function connectAws({ region, endpoint, ...keys }: AwsAccount): AwsCall {
  const { sessionToken, ...pair } = keys;
  const client = new AwsClient({ ...pair, ...(sessionToken === "" ? {} : { sessionToken }), region, retries: 0 });
  return async (service, action, body) => {
    const { prefix, version } = SERVICES[service];
    const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
    const url = endpoint === "" ? `https://${service}.${region}.${domain}/` : endpoint;
    const headers = { "Content-Type": `application/x-amz-json-${version}`, "X-Amz-Target": `${prefix}.${action}` };
    const signal = AbortSignal.timeout(ANSWER_MS);
    const request = { method: "POST", headers, body: JSON.stringify(body), signal, aws: { service } };
    const response = await client.fetch(url, request).catch((error: unknown) => {
      throw new Error(`AWS cannot be reached at ${url}: ${causeOf(error)}`);
    });
    const answer = read(await response.text());
    if (!response.ok) throw refusalOf(service, action, response.status, answer);
    return answer;
  };
}

const WRONG_KEYS =
  /^(InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidAccessKeyId|ExpiredToken|AuthFailure|InvalidSignatureException|IncompleteSignature|InvalidSecurity)/;
const FORBIDDEN = /^(AccessDenied|AccessDeniedException|UnauthorizedOperation)/;

function refusalOf(service: string, action: string, status: number, answer: Answer): Error {
  const code = String(answer.__type ?? answer.code ?? status).replace(/^.*#/, "");
  const words = String(answer.message ?? answer.Message ?? "it gives no reason");
  if (WRONG_KEYS.test(code))
    return new UsageError(
      `AWS does not accept the keys of the secret (aws_access_key_id, aws_secret_access_key): ${words}`,
    );
  if (FORBIDDEN.test(code)) return new UsageError(`this user of AWS may not do ${service}:${action}: ${words}`);
  return new AwsError(code, `AWS refuses ${service}:${action}: ${words} (${code})`);
}

function read(text: string): Answer {
  try {
    const answer: unknown = text === "" ? {} : JSON.parse(text);
    return typeof answer === "object" && answer !== null ? (answer as Answer) : {};
  } catch {
    return readXml(text.slice(0, LONGEST_REFUSAL));
  }
}

const LONGEST_REFUSAL = 2000;

/** What stands before a service refuses in XML, whatever it was asked in. */
function readXml(text: string): Answer {
  const [, code] = /<Code>([^<]*)</.exec(text) ?? [];
  const [, message = text.slice(0, 300)] = /<Message>([^<]*)</.exec(text) ?? [];
  return { message, ...(code === undefined ? {} : { code }) };
}
