/** Where a webhook's signature stands and how it is made. */
export interface SignatureRules {
  /** Small letters. */
  readonly header: string;
  readonly algorithm: "sha256" | "sha1" | "sha384" | "sha512";
  readonly encoding: "hex" | "base64";
  /** Before the signature in the header: `sha256=`. */
  readonly prefix: string;
  /** With the time of the request, Unix seconds; signed is then `<time>.<body>`. */
  readonly timeHeader?: string;
}

/** https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries */
export const GITHUB: SignatureRules = {
  ...{ header: "x-hub-signature-256", algorithm: "sha256", encoding: "hex", prefix: "sha256=" },
};
