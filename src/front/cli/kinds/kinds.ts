import { api } from "./api.ts";
import { driver, driverType, subscription } from "./events.ts";
import { functionKind } from "./function.ts";
import { organization, policy, serviceAccount } from "./iam.ts";
import { baseImage, image } from "./images.ts";
import type { Kind } from "./kind.ts";
import { secret } from "./secret.ts";

/** Kinds that the verbs `create`, `get`, `update` and `delete` know. */
export const resourceKinds: readonly Kind[] = [
  api,
  baseImage,
  image,
  functionKind,
  secret,
  subscription,
  driver,
  driverType,
];

/** Kinds below `iam`. */
export const iamKinds: readonly Kind[] = [policy, serviceAccount, organization];

/** All kinds of batch files. */
export const allKinds: readonly Kind[] = [...resourceKinds, ...iamKinds];

/** @throws Error for a word that no table of this program holds. */
export function kindNamed(kind: string): Kind {
  const found = allKinds.find((candidate) => candidate.kind === kind);
  if (!found) throw new Error(`no kind ${kind}`);
  return found;
}

/** The kind that a word means: singular, plural, with and without hyphens, in any letter case. */
export function kindOfWord(word: string): Kind | undefined {
  const wanted = plainWord(word);
  return allKinds.find((kind) => [kind.word, ...kind.aliases].some((known) => plainWord(known) === wanted));
}

function plainWord(word: string): string {
  return word.toLowerCase().replaceAll("-", "");
}
