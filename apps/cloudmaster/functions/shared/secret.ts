/** Reads the secret of a cloud key by key, and says what is wrong with it without telling any value. */
import { InputError } from "./context.ts";
import { distance } from "./nearest.ts";
import { CLOUD_NAMES, type CloudName, type KeyOf, keysOf } from "./secret-keys.ts";

/** The values of one cloud's secret, by the names of `SECRET_KEYS`. */
export interface CloudSecret<C extends CloudName> {
  /** Undefined when the key is absent or blank. */
  get(key: KeyOf<C>): string | undefined;
  /** @throws InputError that names the missing key and what stands in its place. */
  need(key: KeyOf<C>): string;
}

type Values = Readonly<Record<string, string | undefined>>;

/** Reads what a run was given, `context.secrets`, as the secret of `cloud`. */
export function openSecret<C extends CloudName>(cloud: C, values: Values): CloudSecret<C> {
  const get = (key: KeyOf<C>) => read(cloud, key, values);
  return { get, need: (key) => get(key) ?? refuse(cloud, key, values) };
}

function read(cloud: CloudName, key: string, values: Values): string | undefined {
  const value = [key, ...otherSpellings(cloud, key, values)].map((name) => values[name]?.trim()).find(Boolean);
  if (value !== undefined && /^<[^<>]*>$/.test(value))
    throw new InputError(
      `\`${key}\` of the secret \`${cloud}\` is still the template's placeholder: ${replaceIt(cloud)}`,
    );
  return value;
}

/** Names in the file that mean `key`; a name that is itself a key of the cloud means only itself. */
function otherSpellings(cloud: CloudName, key: string, values: Values): string[] {
  const keys = keysOf(cloud);
  const meant = new Set([key, ...(keys.get(key)?.alsoKnownAs ?? [])].map(plain));
  return Object.keys(values).filter((name) => !keys.has(name) && meant.has(plain(name)));
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, "");
}

function refuse(cloud: CloudName, key: string, values: Values): never {
  const present = Object.keys(values).filter((name) => values[name]?.trim());
  throw new InputError(`the secret \`${cloud}\` has no \`${key}\`${hint(cloud, key, present)}`);
}

/** What stands in the key's place: its misspelling, its twin of another cloud, or nothing. */
function hint(cloud: CloudName, key: string, present: readonly string[]): string {
  const strangers = present.filter((name) => !isKeyOf(cloud, name));
  const stranger = twinOf(cloud, key, strangers) ?? foreignKey(cloud, strangers);
  const misspelt = strangers.find((name) => isSlip(name, key) && ownerOf(name) === undefined);
  if (misspelt !== undefined) return ` but \`${misspelt}\`: is that a slip of the pen? ${replaceIt(cloud)}`;
  if (stranger === undefined) return `: ${replaceIt(cloud)}`;
  const { name, owner } = stranger;
  return ` but \`${name}\`, which belongs to the secret \`${owner}\`: is it the wrong file? ${replaceIt(cloud)}`;
}

function isSlip(name: string, key: string): boolean {
  return name.length < 2 * key.length && distance(plain(name), plain(key)) <= 2;
}

function replaceIt(cloud: CloudName): string {
  return `write it into ${cloud}.json (see secrets/${cloud}.json.example), run \`dispatch update secret ${cloud} ${cloud}.json\` and ask again`;
}

interface Stranger {
  readonly name: string;
  readonly owner: CloudName;
}

/** The key with the same role that another cloud's file has. */
function twinOf(cloud: CloudName, key: string, names: readonly string[]): Stranger | undefined {
  const role = keysOf(cloud).get(key)?.role;
  if (role === undefined) return undefined;
  return likelyOwners(cloud, names).flatMap((owner) => {
    const twins = [...keysOf(owner)].filter(([, each]) => each.role === role).map(([twin]) => twin);
    return names.filter((name) => twins.some((twin) => means(owner, twin, name))).map((name) => ({ name, owner }));
  })[0];
}

function foreignKey(cloud: CloudName, names: readonly string[]): Stranger | undefined {
  return likelyOwners(cloud, names).flatMap((owner) =>
    names.filter((name) => isKeyOf(owner, name)).map((name) => ({ name, owner })),
  )[0];
}

function ownerOf(name: string): CloudName | undefined {
  return CLOUD_NAMES.find((cloud) => isKeyOf(cloud, name));
}

/** The other clouds; first the one whose file this looks like. */
function likelyOwners(cloud: CloudName, names: readonly string[]): CloudName[] {
  const fit = (owner: CloudName) => names.filter((name) => keysOf(owner).has(name)).length;
  return CLOUD_NAMES.filter((each) => each !== cloud).sort((left, right) => fit(right) - fit(left));
}

function isKeyOf(cloud: CloudName, name: string): boolean {
  return [...keysOf(cloud).keys()].some((key) => means(cloud, key, name));
}

function means(cloud: CloudName, key: string, name: string): boolean {
  return [key, ...(keysOf(cloud).get(key)?.alsoKnownAs ?? [])].some((each) => plain(each) === plain(name));
}
