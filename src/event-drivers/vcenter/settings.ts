/** Where the vCenter is, and who asks: from the secrets in either of the published forms (cli-and-runtimes.md 3.2). */
import { readFileSync } from "node:fs";
import type { Credentials } from "../../../packages/vsphere/client.ts";
import type { Endpoint } from "../../../packages/vsphere/soap.ts";
import { UsageError } from "../shared/flags.ts";

export interface VcenterSettings {
  readonly endpoint: Endpoint;
  readonly credentials: Credentials;
}

type Texts = Readonly<Record<string, string | undefined>>;

/**
 * `vcenterurl` is `user:password@host:port` or an https URL with both; or `host`, `username` and `password` stand apart.
 * @throws UsageError that names what is missing
 */
export function readVcenterSettings(flags: Texts, environment: Texts): VcenterSettings {
  const get = (key: string): string => flags[key] || environment[key.toUpperCase()] || "";
  const { address, username, password } = get("vcenterurl") === "" ? apart(get) : fromUrl(get("vcenterurl"));
  const missing = Object.entries({ host: address, username, password }).filter(([, value]) => value === "");
  if (missing.length > 0) {
    const names = missing.map(([name]) => name).join(", ");
    throw new UsageError(
      `${names} missing: give the driver a secret with host, username and password, or with vcenterurl`,
    );
  }
  const ca = get("cafile") === "" ? get("certificate") : readFileSync(get("cafile"), "utf8");
  const thumbprint = get("thumbprint");
  return {
    endpoint: { address, ...(ca === "" ? {} : { ca }), ...(thumbprint === "" ? {} : { thumbprint }) },
    credentials: { username, password },
  };
}

function apart(get: (key: string) => string) {
  return { address: get("host"), username: get("username"), password: get("password") };
}

/** A password may hold `@` and `:` as they are, or in percent-encoding. */
function fromUrl(text: string) {
  const [, scheme = "https://", user = "", address = ""] = /^(https?:\/\/)?(?:(.*)@)?([^@]*)$/s.exec(text.trim()) ?? [];
  const [username = "", ...rest] = user.split(":");
  return { address: `${scheme}${address}`, username: decoded(username), password: decoded(rest.join(":")) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
