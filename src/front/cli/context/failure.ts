/** The words for what the server or the way to it did wrong and, where the message cannot know it, what to do. */
import { isThisMachine } from "../../../core/shared/loopback.ts";
import { ApiError, RefusedCredentialError, TransportError } from "../../client/errors.ts";
import type { Settings } from "./settings.ts";

/** `[Code: 404] function nosuch not found`; undefined for any other error. */
export function failureText(error: unknown, settings?: Settings): string | undefined {
  if (error instanceof TransportError) return error.message;
  if (!(error instanceof ApiError)) return undefined;
  const hint = error instanceof RefusedCredentialError && settings ? `\n${credentialHint(settings)}` : "";
  return `[Code: ${error.code}] ${error.message}${hint}`;
}

function credentialHint({ host, token, serviceAccount, jwtPrivateKey }: Settings): string {
  if (token) return "The token was refused (--token, DISPATCH_TOKEN or the context's): dispatch login --token-stdin";
  if (serviceAccount && jwtPrivateKey)
    return `The service account ${serviceAccount} was refused: compare its key, its organization and the clocks (dispatch doctor)`;
  if (serviceAccount) return `The service account ${serviceAccount} needs its key: --jwt-private-key FILE`;
  const elsewhere = isThisMachine(host)
    ? " (a server of yours with a --data-dir of its own: set DISPATCH_DATA_DIR to it)"
    : "";
  return `The server asks for a credential: dispatch login --token-stdin, or --service-account with --jwt-private-key${elsewhere}`;
}
