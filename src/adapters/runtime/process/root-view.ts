/** What every sandbox sees of the machine: the system's programs and libraries, and an /etc made for it. */
import { cpSync, existsSync, lstatSync, mkdirSync, readlinkSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { NetworkKind } from "../../../core/shared/ports.ts";
import { type Bind, INSIDE, type View } from "./bubblewrap.ts";
import type { Door } from "./door.ts";
import { hostsFile, RESOLVER } from "./network-plan.ts";

const SYSTEM = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/** Read-only parts of the host's own /etc: certificates, and what programs of /usr read through links. Never a secret. */
const FROM_ETC = [
  "/etc/ssl/certs",
  "/etc/ssl/openssl.cnf",
  "/etc/pki/tls/certs",
  "/etc/pki/ca-trust/extracted",
  "/etc/ca-certificates",
  "/etc/alternatives",
  "/etc/ld.so.cache",
];

/** Places for the settings that Debian's JDKs keep in /etc: the row of Java binds those of the one that it runs. */
const JAVA_SETTINGS = Array.from({ length: 24 }, (_, index) => `java-${index + 17}-openjdk`);

/** /usr, and the root's other program folders: links on most systems, folders of their own on some. */
export const systemView = (): Pick<View, "links"> & { readonly binds: readonly Bind[] } => {
  const present = SYSTEM.filter((path) => existsSync(path));
  const isLink = (path: string): boolean => lstatSync(path).isSymbolicLink();
  return {
    links: present.filter(isLink).map((path) => ({ path, target: readlinkSync(path) })),
    binds: ["/usr", ...present.filter((path) => !isLink(path))].map((path) => ({ source: path, target: path })),
  };
};

const passwd = `root:x:0:0::/:/usr/sbin/nologin\n${INSIDE.name}:x:${INSIDE.uid}:${INSIDE.gid}::/tmp:/bin/sh\nnobody:x:65534:65534::/:/usr/sbin/nologin\n`;
const group = `root:x:0:\n${INSIDE.name}:x:${INSIDE.gid}:\nnogroup:x:65534:\n`;

const resolvers: Record<NetworkKind, () => string> = {
  isolated: () => `nameserver ${RESOLVER}\n`,
  none: () => "",
  host: () => "",
};

const makeMountPoint = (folder: string, source: string): void => {
  const target = join(folder, source.slice("/etc/".length));
  if (lstatSync(realpathSync(source)).isDirectory()) {
    mkdirSync(target, { recursive: true, mode: 0o755 });
    return;
  }
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  writeFileSync(target, "");
};

/** Writes the /etc of one kind of network below `stateDir` and gives the binds that make it. */
export const makeEtc = (stateDir: string, network: NetworkKind, names: Door["names"]): Bind[] => {
  const folder = join(stateDir, "etc", network);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const shared = [...FROM_ETC, ...(network === "host" ? ["/etc/resolv.conf", "/etc/hosts"] : [])].filter(existsSync);
  writeFileSync(join(folder, "passwd"), passwd);
  writeFileSync(join(folder, "group"), group);
  writeFileSync(join(folder, "hosts"), hostsFile(names));
  writeFileSync(join(folder, "nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files dns\n");
  writeFileSync(join(folder, "resolv.conf"), resolvers[network]());
  if (existsSync("/etc/localtime")) cpSync(realpathSync("/etc/localtime"), join(folder, "localtime"));
  for (const name of JAVA_SETTINGS) mkdirSync(join(folder, name), { mode: 0o755, recursive: true });
  shared.forEach((source) => {
    makeMountPoint(folder, source);
  });
  return [
    { source: folder, target: "/etc" },
    ...shared.map((source) => ({ source: realpathSync(source), target: source })),
  ];
};
