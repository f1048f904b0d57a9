import type { Driver } from "./contract.ts";

interface ConfigEntry {
  readonly key?: string;
  readonly value?: string;
}

/** Configuration as stored: a map, so a key that comes twice counts once, with its last value (server.md 2.12). */
export type DriverConfig = Readonly<Record<string, string>>;

export function configOf(entries: readonly ConfigEntry[] | undefined): DriverConfig {
  return Object.fromEntries((entries ?? []).map(({ key = "", value = "" }) => [key, value]));
}

/** On the wire it is a list, `null` when empty. */
export function wireConfig(config: DriverConfig): NonNullable<Driver["config"]> {
  const entries = Object.entries(config).map(([key, value]) => ({ key, value }));
  // The schema describes requests and has no null.
  return (entries.length > 0 ? entries : null) as NonNullable<Driver["config"]>;
}
