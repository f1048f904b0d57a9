/** What must outlive a restart: `<folder>/<authority>/account.key` and `<domain>.pem` (key, certificate, chain), 0600. */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Certificate } from "../../core/shared/ports.ts";
import { replaceFile } from "../../core/shared/replace-file.ts";

export interface CertificateFiles {
  /** The account's key; made once for each authority. */
  accountKey(make: () => Promise<Buffer>): Promise<Buffer>;
  certificate(domain: string): Promise<Certificate | undefined>;
  store(domain: string, certificate: Certificate): Promise<void>;
}

/** Each authority has a folder of its own, so that changing from a test authority to the real one starts afresh. */
export function createCertificateFiles(folder: string, directoryUrl: string): CertificateFiles {
  const authorityDir = join(folder, fileName(directoryUrl.replace(/^https?:\/\//, "")));
  const accountPath = join(authorityDir, "account.key");
  const pathOf = (domain: string): string => join(authorityDir, `${fileName(domain)}.pem`);
  return {
    async accountKey(make) {
      const known = await readWhenThere(accountPath);
      if (known !== undefined) return Buffer.from(known);
      const key = await make();
      await writeWhole(authorityDir, accountPath, key.toString());
      return key;
    },
    async certificate(domain) {
      const text = await readWhenThere(pathOf(domain));
      return text === undefined ? undefined : split(text);
    },
    store: (domain, { cert, key }) => writeWhole(authorityDir, pathOf(domain), `${key.trim()}\n${cert.trim()}\n`),
  };
}

/** Anything but letters, digits, dots and hyphens becomes a hyphen; nothing climbs out of the folder. */
function fileName(text: string): string {
  return text.replace(/[^A-Za-z0-9.-]+/g, "-").replace(/^[.-]+|-+$/g, "");
}

function split(text: string): Certificate | undefined {
  const blocks = text.match(/-----BEGIN ([^-]+)-----[\s\S]+?-----END \1-----/g) ?? [];
  const key = blocks.find((block) => block.includes("PRIVATE KEY"));
  const cert = blocks.filter((block) => block.includes("BEGIN CERTIFICATE")).join("\n");
  return key === undefined || cert === "" ? undefined : { cert: `${cert}\n`, key: `${key}\n` };
}

async function readWhenThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Key and certificate change together or not at all. */
async function writeWhole(folder: string, path: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await replaceFile(path, text, { mode: 0o600 });
}
