/** Every text that the command line reads comes through here, so that all are decoded in the same way. */
import { readFileSync } from "node:fs";
import { decodeText } from "../../../core/shared/decode-text.ts";
import { jsonPlace, jsonProblem } from "../../../core/shared/json-place.ts";
import { messageOf } from "../../../core/shared/message-of.ts";
import { REPLACEMENT } from "../../../core/shared/utf8.ts";
import { CliError, fileProblem } from "../../../frame/errors.ts";
import { parseJson } from "../../client/json.ts";

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

/** Parses a text that may be secret. @throws CliError `FAILURE: line 3 column 5`, then the advice */
export function parseFile(text: string, failure: string, advice = ""): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CliError(`${failure}: ${jsonPlace(text, error)}${advice}`);
  }
}

/** The JSON of a text that may be shown. @throws CliError `FAILURE` and what is wrong with it where */
export function jsonOf(text: string, failure: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new CliError(failure + jsonProblem(text));
  }
}
