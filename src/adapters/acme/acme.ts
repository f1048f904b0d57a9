/** Certificates by ACME (RFC 8555): Let's Encrypt, or any authority that speaks the protocol. */
import { readFile } from "node:fs/promises";
import { Agent } from "node:https";
import { rootCertificates } from "node:tls";
import type acmeClient from "acme-client";
import { messageOf } from "../../core/shared/message-of.ts";
import {
  type Certificate,
  type CertificateAuthority,
  IssueError,
  type ShowChallenge,
} from "../../core/shared/ports.ts";
import { createCertificateFiles } from "./certificate-files.ts";

export type ChallengeKind = "http-01" | "tls-alpn-01";

export interface AcmeOptions {
  /** Where the account key and the certificates are kept, 0700. */
  readonly folder: string;
  readonly directoryUrl: string;
  /** Where the authority writes before a certificate expires; "" for nowhere. */
  readonly email: string;
  /** PEM file of a private authority's own root certificate; "" for the well-known ones alone. */
  readonly caFile: string;
  /** What can be shown here; the first that the authority believes counts. */
  readonly challenges: readonly ChallengeKind[];
}

type Acme = typeof acmeClient;

/** Nothing is read and nobody is asked before the first call. */
export function createAcme(options: AcmeOptions): CertificateAuthority {
  const files = createCertificateFiles(options.folder, options.directoryUrl);
  return {
    stored: (domain) => files.certificate(domain),
    async issue(domain, show) {
      const acme = await loadLibrary(options);
      await refuseUnreachable(acme, options);
      const client = new acme.Client({
        directoryUrl: options.directoryUrl,
        accountKey: await files.accountKey(() => acme.crypto.createPrivateEcdsaKey()),
      });
      await useKnownAccount(client, options);
      const issued = await firstOf(options.challenges, (kind) => order(acme, client, domain, kind, options, show));
      await files.store(domain, issued);
      return issued;
    },
  };
}

async function loadLibrary({ caFile }: AcmeOptions): Promise<Acme> {
  // The bundle offers the default only: it cannot see the names that a CommonJS module exports.
  const { default: acme } = await import("acme-client");
  // Whoever asks for a certificate asks again later; the library's own repetitions would only hide why it has to.
  Object.assign(acme.axios.defaults, { acmeSettings: { retryMaxAttempts: 1, retryDefaultDelay: 1 } });
  if (caFile !== "") {
    const ca = [...rootCertificates, await readCa(caFile)];
    acme.axios.defaults.httpsAgent = new Agent({ ca });
  }
  return acme;
}

async function readCa(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new IssueError(`--lets-encrypt-ca ${path} cannot be read`, false, error);
  }
}

/**
 * Without this the library would "update" a known account with nothing, which authorities refuse. An account that is not there
 * is made with the order, and an authority that does not answer is noticed there.
 */
async function useKnownAccount(client: InstanceType<Acme["Client"]>, { email }: AcmeOptions): Promise<void> {
  try {
    await client.createAccount({ onlyReturnExisting: true });
    if (email !== "") await client.updateAccount({ contact: [`mailto:${email}`] });
  } catch {}
}

/** Asked first and by itself, because the library loses the reason when nobody answers. @throws IssueError */
async function refuseUnreachable({ axios }: Acme, { directoryUrl }: AcmeOptions): Promise<void> {
  const { httpsAgent } = axios.defaults;
  try {
    await axios.create().get(directoryUrl, { timeout: 15_000, httpsAgent });
  } catch (error) {
    throw new IssueError(`${directoryUrl}: ${problemOf(error)}`, true, error);
  }
}

/** The next kind is tried when the authority did not believe one. */
async function firstOf(
  kinds: readonly ChallengeKind[],
  attempt: (kind: ChallengeKind) => Promise<Certificate>,
): Promise<Certificate> {
  const refusals: string[] = [];
  for (const kind of kinds) {
    try {
      return await attempt(kind);
    } catch (error) {
      refusals.push(`${kind}: ${problemOf(error)}`);
    }
  }
  throw new IssueError(refusals.join("; "), false);
}

/** The authority's own sentence, on one line; where there is none, the code of the failure. */
function problemOf(error: unknown): string {
  const message = messageOf(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return (message || code).replace(/\s+/g, " ").slice(0, 500);
}

async function order(
  acme: Acme,
  client: InstanceType<Acme["Client"]>,
  domain: string,
  kind: ChallengeKind,
  { email }: AcmeOptions,
  show: ShowChallenge,
): Promise<Certificate> {
  const [key, csr] = await acme.crypto.createCsr({ altNames: [domain] }, await acme.crypto.createPrivateEcdsaKey());
  let withdraw: () => void = () => {};
  const cert = await client.auto({
    csr,
    ...(email === "" ? {} : { email }),
    termsOfServiceAgreed: true,
    challengePriority: [kind],
    // The authority looks from outside; whether this machine sees its own public address says nothing.
    skipChallengeVerification: true,
    challengeCreateFn: async (authorization, { type, token }, keyAuthorization) => {
      // The library's types leave tls-alpn-01 out.
      if ((type as string) !== kind) throw new Error(`the authority offers no ${kind} challenge for ${domain}`);
      if (kind === "http-01") withdraw = show({ kind, token, keyAuthorization });
      else {
        const [alpnKey, alpnCert] = await acme.crypto.createAlpnCertificate(
          authorization,
          keyAuthorization,
          await acme.crypto.createPrivateEcdsaKey(),
        );
        withdraw = show({ kind, domain, certificate: pair(alpnCert, alpnKey) });
      }
    },
    challengeRemoveFn: async () => withdraw(),
  });
  return pair(cert, key);
}

function pair(cert: string | Buffer, key: string | Buffer): Certificate {
  return { cert: String(cert), key: String(key) };
}
