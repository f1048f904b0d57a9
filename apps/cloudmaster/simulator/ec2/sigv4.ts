/** Checks AWS Signature Version 4 as the service does: from the raw request, with nothing taken from the SDK. */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { Ec2Error } from "./errors.ts";

/** A request as it came over the wire. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/([^/,]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;
const WINDOW_MS = 5 * 60_000;

/**
 * @param now milliseconds since 1970
 * @throws Ec2Error with AWS's own code: AuthFailure, RequestExpired, SignatureDoesNotMatch ...
 */
export function verifySignature(request: SignedRequest, keys: KeyPair, now: number): void {
  const authorization = header(request, "authorization");
  if (authorization === "")
    throw new Ec2Error(400, "MissingAuthenticationToken", "Request is missing Authentication Token");
  const [, accessKeyId, date = "", region = "", service = "", signedHeaders = "", signature = ""] =
    AUTHORIZATION.exec(authorization) ?? [];
  if (accessKeyId === undefined) {
    throw new Ec2Error(
      400,
      "IncompleteSignature",
      "The Authorization header does not hold credential, headers and signature",
    );
  }
  if (accessKeyId !== keys.accessKeyId) {
    throw new Ec2Error(401, "AuthFailure", "AWS was not able to validate the provided access credentials");
  }
  const timestamp = header(request, "x-amz-date");
  checkTime(timestamp, date, now);
  const scope = `${date}/${region}/${service}/aws4_request`;
  const canonical = canonicalRequest(request, signedHeaders);
  const toSign = ["AWS4-HMAC-SHA256", timestamp, scope, sha256(canonical)].join("\n");
  const expected = hmac(signingKey(keys.secretAccessKey, date, region, service), toSign);
  if (service !== "ec2" || !timingSafeEqual(expected, Buffer.from(signature, "hex"))) {
    throw new Ec2Error(
      403,
      "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided.",
    );
  }
}

function checkTime(timestamp: string, date: string, now: number): void {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  const [, year, month, day, hour, minute, second] = parts ?? [];
  const sent = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (!timestamp.startsWith(date) || Number.isNaN(sent) || Math.abs(now - sent) > WINDOW_MS) {
    throw new Ec2Error(400, "RequestExpired", `Request has expired. Timestamp date is ${timestamp}`);
  }
}

function canonicalRequest(request: SignedRequest, signedHeaders: string): string {
  const { pathname, searchParams } = new URL(request.target, "http://ec2");
  const query = [...searchParams].map(([key, value]) => `${encode(key)}=${encode(value)}`).sort();
  const headers = signedHeaders
    .split(";")
    .map((name) => `${name}:${header(request, name).trim().replace(/ +/g, " ")}\n`);
  return [request.method, pathname, query.join("&"), headers.join(""), signedHeaders, sha256(request.body)].join("\n");
}

function signingKey(secret: string, ...scope: readonly string[]): Buffer {
  return [...scope, "aws4_request"].reduce<Buffer>(hmac, Buffer.from(`AWS4${secret}`));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function header(request: SignedRequest, name: string): string {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(",") : (value ?? "");
}
