/** Flags of what works on a function's file on this machine. */
import { languageNames } from "../../../core/languages/languages.ts";
import { array, text } from "../../../frame/flags.ts";
import { behaviour } from "../kinds/function.ts";

export const languagesShown = languageNames.join(", ");

/** What such a file needs besides, where no server builds it for others. */
export const ofFile = {
  secret: array('File with secrets for it, a JSON object: {"key": "value"}; repeatable'),
  lang: text(`Language, where no file's name says it: ${languagesShown}`, { completes: languageNames }),
  ...behaviour,
};
