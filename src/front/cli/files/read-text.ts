/** Every text that the command line reads from a file comes through here, so that all are decoded in the same way. */
import { readFileSync } from "node:fs";
import { decodeText } from "../../../core/shared/decode-text.ts";
import { CliError, fileProblem, messageOf } from "../frame/errors.ts";

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
