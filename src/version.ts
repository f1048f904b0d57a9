import { createRequire } from "node:module";

declare const DISPATCH_VERSION: string | undefined;

/** The version of this build; from source, that of package.json. */
export const version =
  typeof DISPATCH_VERSION === "string"
    ? DISPATCH_VERSION
    : (createRequire(import.meta.url)("../package.json") as { version: string }).version;

/** The Version object of server.md 1.7; the names are those that clients of the older product read. */
export const versionInfo = {
  version: `v${version}`,
  commit: "",
  buildDate: "",
  goVersion: "",
  compiler: `node ${process.versions.node}`,
  platform: `${process.platform}/${process.arch}`,
} as const;
