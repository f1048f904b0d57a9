/** Names of files, which Linux keeps as bytes of any kind and which travel as UTF-8. */
import { REPLACEMENT } from "../../../core/shared/utf8.ts";
import { CliError } from "../frame/errors.ts";

/** Tells why nothing is found at a name that a folder lists. @throws CliError when its bytes are not UTF-8 */
export function refuseBrokenName(name: string): void {
  if (!name.includes(REPLACEMENT)) return;
  const shown = name.replaceAll(REPLACEMENT, "?");
  throw new CliError(`the name of the file ${shown} is not UTF-8: rename it, or leave it out with .dispatchignore`);
}
