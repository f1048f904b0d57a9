/** The flags of a driver: `--key=value` or `--key`, as its configuration has them (cli-and-runtimes.md 3.1). */
/** What was asked for cannot be done. The message is for people and becomes the reason of the driver's state. */
export class UsageError extends Error {
  override name = "UsageError";
}

export type Flags<Name extends string> = Readonly<Record<Name, string>>;

/** Every driver gets these; `debug`, `dryrun` and `source` are the published drivers' own. */
const common = { "dispatch-api-endpoint": "localhost:8080" };

/**
 * The flags with their defaults; a flag without a value is `true`.
 * @throws UsageError for a flag that the driver does not know
 */
export function readFlags<Name extends string>(
  known: Readonly<Record<Name, string>>,
  args: readonly string[] = process.argv.slice(2),
): Flags<Name | keyof typeof common> {
  const defaults: Readonly<Record<string, string>> = { ...common, ...known };
  const given = args.map((word): [string, string] => {
    const [, name = word, value = "true"] = /^--?([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    return [name, value];
  });
  const unknown = given.map(([name]) => name).filter((name) => !Object.hasOwn(defaults, name));
  if (unknown.length > 0) {
    throw new UsageError(
      `${unknown.join(", ")} is no setting of this driver; it knows ${Object.keys(known).join(", ")}`,
    );
  }
  return { ...defaults, ...Object.fromEntries(given) } as Flags<Name | keyof typeof common>;
}

export function isOn(value: string): boolean {
  return value !== "" && value !== "false" && value !== "0";
}

/** The words of a flag that may name several, between commas. */
export function listOf(text: string): string[] {
  return text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}
