import { plainWord } from "../../../frame/command.ts";
import { alert } from "./alert.ts";
import { api } from "./api.ts";
import { baseImage } from "./base-image.ts";
import { driver } from "./driver.ts";
import { driverType } from "./driver-type.ts";
import { functionKind } from "./function.ts";
import { image } from "./image.ts";
import type { Kind } from "./kind.ts";
import { organization } from "./organization.ts";
import { policy } from "./policy.ts";
import { secret } from "./secret.ts";
import { serviceAccount } from "./service-account.ts";
import { subscription } from "./subscription.ts";

/** Kinds that the verbs `create`, `get`, `update` and `delete` know. */
export const resourceKinds = [api, baseImage, image, functionKind, secret, subscription, driver, driverType, alert];

export const iamKinds = [policy, serviceAccount, organization];

export const allKinds: readonly Kind[] = [...resourceKinds, ...iamKinds];

/** The kind of that name: `Function`. */
export function kindNamed(name: string | undefined): Kind | undefined {
  return allKinds.find(({ kind }) => kind === name);
}

/** The kind that a word means: singular, plural, with and without hyphens, in any letter case. */
export function kindOfWord(word: string, kinds: readonly Kind[] = allKinds): Kind | undefined {
  return kinds.find((kind) => [kind.word, ...kind.aliases].some((known) => plainWord(known) === plainWord(word)));
}

/** What finds the command of `iam` for a word that names one of its kinds: `dispatch iam get policy`. */
export function iamCommand(verb: string) {
  return (word: string): string | undefined => {
    const kind = kindOfWord(word, iamKinds);
    return kind && `dispatch iam ${verb} ${kind.word}`;
  };
}
