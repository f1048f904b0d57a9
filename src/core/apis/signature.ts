/** Where a webhook's signature stands and how it is made: what an endpoint says, checked. */
import type { SignatureRules } from "../../../packages/webhooks/rules.ts";
import { DispatchError } from "../shared/errors.ts";
import type { Api } from "./contract.ts";

/** The words whose requests are signed over their bytes alone. */
const webhooks: readonly string[] = ["hmac", "github", "standard-webhooks"];

export function isWebhook(authentication: string): boolean {
  return webhooks.includes(authentication);
}

/** What `hmac` says of its signature; undefined for the others. @throws BAD_REQUEST that says what to write */
export function signatureOf({ authentication = "", authenticationSecret, signature }: Api): SignatureRules | undefined {
  if (isWebhook(authentication) && !authenticationSecret)
    refuse(`authentication ${authentication} needs authenticationSecret: the name of a secret with signingSecret`);
  if (authentication !== "hmac") {
    if (signature !== undefined && Object.keys(signature).length > 0)
      refuse("signature belongs to authentication hmac: leave it out, or change authentication");
    return undefined;
  }
  const header = signature?.header?.toLowerCase() ?? "";
  if (header === "") refuse('authentication hmac needs signature.header, such as {"header": "X-Signature"}');
  const timeHeader = signature?.timeHeader?.toLowerCase();
  return {
    header,
    algorithm: signature?.algorithm ?? "sha256",
    encoding: signature?.encoding ?? "hex",
    prefix: signature?.prefix ?? "",
    ...(timeHeader ? { timeHeader } : {}),
  };
}

function refuse(message: string): never {
  throw new DispatchError("BAD_REQUEST", { message });
}
