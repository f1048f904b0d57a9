import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import { DispatchError } from "../../core/shared/errors.ts";
import { brokenByteText } from "../../core/shared/utf8.ts";

const BYTE_ORDER_MARK = "\uFEFF";

/** The types of nearly all requests: nothing has to be parsed. */
const PLAIN: ReadonlySet<string | undefined> = new Set(["application/json", "application/json; charset=utf-8"]);

/** The text of a body, without a byte order mark. @throws UNSUPPORTED_CODING, MALFORMED_BODY: nothing is garbled in silence */
export function bodyText(headers: IncomingHttpHeaders, bytes: Buffer): string {
  const coding = headers["content-encoding"]?.trim().toLowerCase() || "identity";
  if (coding !== "identity") throw new DispatchError("UNSUPPORTED_CODING", { kind: "content encoding", name: coding });
  if (!PLAIN.has(headers["content-type"])) refuseCharset(headers["content-type"] ?? "");
  if (!isUtf8(bytes))
    throw new DispatchError("MALFORMED_BODY", { body: "body", cause: `it is not UTF-8: ${brokenByteText(bytes)}` });
  const text = bytes.toString();
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}

function refuseCharset(type: string): void {
  const charset = /;\s*charset\s*=\s*["']?([^\s;,"']{1,40})/i.exec(type)?.[1] ?? "utf-8";
  if (!/^(utf-?8|us-ascii)$/i.test(charset))
    throw new DispatchError("UNSUPPORTED_CODING", { kind: "charset", name: charset });
}
