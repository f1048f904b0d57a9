/** The languages. Another one is a row here, a row in `adapters/languages`, a guest and an installer. */
import type { Language } from "../shared/ports.ts";
import { java } from "./java.ts";
import type { LanguageRules } from "./language.ts";
import { nodejs } from "./nodejs.ts";
import { powershell } from "./powershell.ts";
import { python3 } from "./python3.ts";

export const languages: Readonly<Record<Language, LanguageRules>> = { nodejs, python3, java, powershell };

export const languageNames = Object.keys(languages) as readonly Language[];

/** The language of a base image: that of a published one, else the one that was named with it. */
export function languageOfBase({ dockerUrl, language }: { dockerUrl: string; language: string }): Language | undefined {
  return languageOfImage(dockerUrl) ?? languageNames.find((name) => name === language);
}

/** The language that a published base image name stands for, whatever its tag. */
export function languageOfImage(dockerUrl: string): Language | undefined {
  const [, name] = /(?:^|\/)dispatchframework\/([\w-]+)(?::[\w.-]+)?$/.exec(dockerUrl) ?? [];
  return languageNames.find((language) => languages[language].baseImage === name);
}
