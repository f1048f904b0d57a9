/**
 * Follows a pair of PEM files that somebody else renews. Renewal tools swap symbolic links in a folder, so the files behind
 * the paths are looked at (two `stat` calls every two seconds), not the folder they happen to lie in.
 */
import { stat } from "node:fs/promises";
import type { Logger } from "pino";
import { fileMark } from "../../core/shared/file-mark.ts";
import { messageOf } from "../../core/shared/message-of.ts";
import { type CertificatePaths, expiryOf, readPair } from "./certificate.ts";
import type { LiveCertificate } from "./live-certificate.ts";
import { repeat } from "./repeat.ts";

const PAUSE_MS = 2000;

/** Hands every good new pair to `live`. A bad one is logged once, and the old one stays. Returns the function that ends it. */
export async function followFiles(paths: CertificatePaths, live: LiveCertificate, log: Logger): Promise<() => void> {
  let seen = await fingerprint(paths);
  let pending = false;
  const look = async (): Promise<number> => {
    const now = await fingerprint(paths);
    // The two files change one after the other: only what is still bad at the second look is bad.
    const settled = now === seen;
    if (!settled || pending) pending = !(await adopt(paths, live, log, settled));
    seen = now;
    return PAUSE_MS;
  };
  return repeat(look, PAUSE_MS);
}

/** Whether the matter is closed: adopted, or refused for good. */
async function adopt(paths: CertificatePaths, live: LiveCertificate, log: Logger, settled: boolean): Promise<boolean> {
  try {
    const pair = await readPair(paths);
    if (live.replace(pair))
      log.info({ expires: expiryOf(pair) }, `TLS: the new certificate ${paths.certificate} is in use`);
    return true;
  } catch (error) {
    if (!settled) return false;
    const reason = messageOf(error);
    log.error(`TLS: the new certificate is not used, the old one goes on: ${reason}`);
    return true;
  }
}

async function fingerprint({ certificate, key }: CertificatePaths): Promise<string> {
  return `${await markOf(certificate)} ${await markOf(key)}`;
}

/** Of the file behind all symbolic links; a missing one has a mark as well. */
async function markOf(path: string): Promise<string> {
  try {
    return fileMark(await stat(path, { bigint: true }));
  } catch {
    return "missing";
  }
}
