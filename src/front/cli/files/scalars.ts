/** Scalars of YAML, read as the place where they stand wants them (cli-and-runtimes.md 1.9.2). */
import { isScalar } from "yaml";

/** Whether a node says nothing: absent, `~`, `null`, or empty. */
export function isNothing(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && node.value === null);
}

/** The text as written (`2`, `yes`, `0x1F`, `1.50`), quotes and escapes resolved; undefined for anything but a scalar. */
export function scalarText(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  return typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
}

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  y: true,
  false: false,
  no: false,
  off: false,
  n: false,
};

/** A boolean in YAML 1.1's words; undefined for any other text. */
export function booleanOf(text: string): boolean | undefined {
  return booleans[text.toLowerCase()];
}

/** A number; undefined for any other text. */
export function numberOf(text: string): number | undefined {
  const plain = text.replaceAll("_", "");
  if (!/^[-+]?(0x[0-9a-f]+|\d+(\.\d+)?(e[-+]?\d+)?)$/i.test(plain)) return undefined;
  return Number(plain);
}
