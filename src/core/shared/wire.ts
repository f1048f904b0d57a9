/** Small rules of the wire that every kind shares (server.md 0, 3.3). */
import type { Principal } from "./principal.ts";

export type WireStatus = "INITIALIZED" | "CREATING" | "READY" | "UPDATING" | "ERROR" | "DELETING";

export interface Tag {
  readonly key?: string;
  readonly value?: string;
}

/**
 * Absent lists are `null` on the wire; the contracts describe requests, so the cast is made once, here. A key that comes
 * twice counts once, with its last value.
 */
export function wireTags(tags: readonly Tag[] | null | undefined): { key?: string; value?: string }[] {
  const byKey = new Map((tags ?? []).map((tag) => [tag.key, tag]));
  return (byKey.size > 0 ? [...byKey.values()] : null) as { key?: string; value?: string }[];
}

/** As `wireTags`, for lists of strings. */
export function wireStrings(list: readonly string[] | null | undefined): string[] {
  return (list ?? null) as string[];
}

/** The server itself, when it finishes what somebody has asked for. */
export function systemPrincipal(organization: string): Principal {
  return { kind: "system", id: "dispatch-server", organization, via: "internal" };
}
