/** What stands on stderr for an error: what was wrong and, where the message cannot know it, what to do. */
import { ApiError } from "../../client/errors.ts";
import { messageOf } from "./errors.ts";
import type { Settings } from "./settings.ts";

/** `[Code: 404] function nosuch not found`, or the message of a local error. */
export function failureText(error: unknown, settings?: Settings): string {
  if (!(error instanceof ApiError)) return messageOf(error);
  const hint = isRefusedCredential(error) && settings ? `\n${credentialHint(settings)}` : "";
  return `[Code: ${error.code}] ${error.message}${hint}`;
}

/** Whether the server did not accept who is calling; the next call will fare no better. */
export function isRefusedCredential(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

function credentialHint({ token, serviceAccount, jwtPrivateKey }: Settings): string {
  if (token) return "The token was refused (--token, DISPATCH_TOKEN or the context's): dispatch login --token-stdin";
  if (serviceAccount && jwtPrivateKey)
    return `The service account ${serviceAccount} was refused: compare its key, its organization and the clocks (dispatch doctor)`;
  return "The server asks for a credential: dispatch login --token-stdin, or --service-account with --jwt-private-key";
}
