import { brokenByte, REPLACEMENT } from "../../../core/shared/utf8.ts";

/**
 * Says which of the words is not UTF-8; Node replaces such bytes without a sign. Undefined when all are.
 * @param commandLine the process's own bytes, as `/proc/self/cmdline` has them
 */
export function brokenWord(words: readonly string[], commandLine: () => Buffer): string | undefined {
  if (!words.some((word) => word.includes(REPLACEMENT))) return undefined;
  const all = commandLine().toString("latin1").split("\0").slice(0, -1);
  const bytes = all.slice(-words.length).map((word) => Buffer.from(word, "latin1"));
  const index = bytes.findIndex((word) => brokenByte(word) !== undefined);
  const word = bytes[index];
  if (word === undefined) return undefined;
  return `argument ${index + 1} is not UTF-8 (byte ${brokenByte(word)}): type it in a terminal that uses UTF-8\n`;
}
