/** Whom a driver believes over TLS, and how it shows who it is: PEM texts, which come by its secret. */
import { UsageError } from "./flags.ts";

export interface TlsSettings {
  /** Of an authority of one's own; without one those of the system are believed. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** `certificate`, `client_certificate` and `client_key`; undefined without any. @throws UsageError for half a pair */
export function readTls(get: (key: string) => string): TlsSettings | undefined {
  const [ca, cert, key] = [get("certificate"), get("client_certificate"), get("client_key")];
  if ((cert === "") !== (key === ""))
    throw new UsageError("client_certificate and client_key of the secret belong together: one of them is missing");
  if (ca + cert === "") return undefined;
  return { ...(ca === "" ? {} : { ca }), ...(cert === "" ? {} : { cert, key }) };
}
