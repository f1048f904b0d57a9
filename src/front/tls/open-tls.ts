/** Where the certificate of the HTTPS listeners comes from (server.md 1.6): an authority, the user's files, or ourselves. */
import type { Logger } from "pino";
import type { Certificate, CertificateAuthority } from "../../core/shared/ports.ts";
import type { Settings } from "../../settings/definitions.ts";
import type { ListenerTls } from "../listen.ts";
import { readPair } from "./certificate.ts";
import { ChallengeBoard } from "./challenge-board.ts";
import { followFiles } from "./file-watch.ts";
import { LiveCertificate } from "./live-certificate.ts";
import { keepRenewed } from "./renewal.ts";
import { repeat } from "./repeat.ts";
import { makeSelfSigned, selfSigned } from "./self-signed.ts";

/** Machines without a clock of their own are told the time minutes after their start. */
const LOOK_EVERY_MS = 60_000;

/** The certificate in force and what keeps it fresh. */
export interface Tls extends ListenerTls {
  /** To be called once the listeners are open. Returns the function that ends the renewal. */
  keepFresh(): Promise<() => void>;
}

export interface TlsPorts {
  readonly dataDir: string;
  readonly authority: CertificateAuthority;
  readonly log: Logger;
}

/** @throws SettingError when the user's own certificate cannot be used. */
export function openTls(settings: Settings, ports: TlsPorts): Promise<Tls> {
  const hosts = [settings.host, settings["gateway-host"]].filter((host) => host !== "");
  const domain = settings["lets-encrypt-domain"].toLowerCase();
  if (domain !== "") return fromAuthority(domain, ports);
  const paths = { certificate: settings["tls-certificate"], key: settings["tls-certificate-key"] };
  if (paths.certificate === "" && paths.key === "") return fromOurselves(hosts, ports);
  return withKeeper(readPair(paths), ({ live }) => followFiles(paths, live, ports.log));
}

/** Until the authority has answered for the first time, a passing self-signed certificate opens the door for its check. */
async function fromAuthority(domain: string, { authority, log }: TlsPorts): Promise<Tls> {
  const first = (await authority.stored(domain)) ?? (await makeSelfSigned([domain]));
  return withKeeper(first, async (tls) => keepRenewed(domain, { authority, ...tls, log }));
}

function fromOurselves(hosts: readonly string[], { dataDir, log }: TlsPorts): Promise<Tls> {
  const remake = async (live: LiveCertificate): Promise<number> => {
    await selfSigned(dataDir, hosts).then(
      (certificate) => live.replace(certificate),
      (error: Error) => log.error(`TLS: the self-signed certificate cannot be renewed: ${error.message}`),
    );
    return LOOK_EVERY_MS;
  };
  return withKeeper(selfSigned(dataDir, hosts), async ({ live }) => repeat(() => remake(live), LOOK_EVERY_MS));
}

async function withKeeper(
  first: Certificate | Promise<Certificate>,
  keep: (tls: ListenerTls) => Promise<() => void>,
): Promise<Tls> {
  const tls = { live: new LiveCertificate(await first), board: new ChallengeBoard() };
  return { ...tls, keepFresh: () => keep(tls) };
}
