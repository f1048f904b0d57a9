/** Every text that the command line reads comes through here, so that all are decoded in the same way. */
import { readFileSync } from "node:fs";
import { decodeText } from "../../../core/shared/decode-text.ts";
import { messageOf } from "../../../core/shared/message-of.ts";
import { brokenByte, REPLACEMENT } from "../../../core/shared/utf8.ts";
import { CliError, fileProblem } from "../frame/errors.ts";

/**
 * The text of a file.
 * @param name of the file, for messages
 * @param failure the beginning of the message when it cannot be read; by default `cannot read NAME`
 * @throws CliError
 */
export function readText(path: string, name: string, failure: string = `cannot read ${name}`): string {
  return textOf(readBytes(path, failure), name);
}

/** The text of bytes, wherever they came from. @throws CliError that names the file and the byte */
export function textOf(bytes: Buffer, name: string): string {
  try {
    return decodeText(bytes, name);
  } catch (error) {
    throw new CliError(messageOf(error));
  }
}

/** The bytes of a file. @throws CliError */
export function readBytes(path: string, failure: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new CliError(`${failure}: ${fileProblem(error)}`);
  }
}

/** Tells why nothing is found at a name that a folder lists. @throws CliError when its bytes are not UTF-8 */
export function refuseBrokenName(name: string): void {
  if (!name.includes(REPLACEMENT)) return;
  const shown = name.replaceAll(REPLACEMENT, "?");
  throw new CliError(`the name of the file ${shown} is not UTF-8: rename it, or leave it out with .dispatchignore`);
}

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
