/** How the guest of each language is started, and what it needs to see. */
import type { Language } from "../../core/shared/ports.ts";
import type { GuestCommand } from "../runtime/process/guest.ts";
import { GUEST_AT } from "../runtime/process/guest-files.ts";
import { interpreterPath } from "../runtime/process/interpreters.ts";
import type { Sandbox } from "../runtime/process/sandbox.ts";
import type { PlacedImage } from "./language.ts";
import { languageAdapters, obtainInterpreter } from "./languages.ts";

/** The command that starts a generic worker. @throws Error with reason and remedy when the language cannot run here. */
export const guestCommand = async (
  sandbox: Sandbox,
  guestFolder: string,
  language: Language,
  image: PlacedImage,
): Promise<GuestCommand> => {
  const interpreter = await obtainInterpreter(language, image.interpreter);
  const { guest } = languageAdapters[language];
  const rest = await guest(sandbox, { source: guestFolder, target: GUEST_AT }, image, interpreter);
  const command = sandbox.mode === "none" ? interpreter.command : interpreter.inside;
  return {
    ...{ ...rest, command, links: [interpreter.link], binds: [...interpreter.binds, ...rest.binds] },
    environment: { PATH: interpreterPath(interpreter, sandbox.mode), ...rest.environment },
  };
};
