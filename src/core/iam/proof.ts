/** How a server proves to the command line of its machine that it knows the administrator's token, without telling it. */

/** `?nonce=` with 64 hexadecimal digits; the answer is an HMAC-SHA256 in hexadecimal, keyed with the token's SHA-256 in hexadecimal. */
export const PROOF_PATH = "/v1/iam/proof";

/** What is signed: the caller's nonce, and the server's end of the connection, as both ends see it. */
export function proofText(
  nonce: string,
  { address, port }: { readonly address: string | undefined; readonly port: number | undefined },
): string {
  return `dispatch-server\n${nonce}\n${address?.replace(/^::ffff:/, "") ?? ""}\n${port ?? ""}`;
}
