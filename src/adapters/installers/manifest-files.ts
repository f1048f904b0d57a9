/** A manifest travels alone: what points to a file beside it can only dangle, and is refused by name. */
import { BuildError } from "../../core/shared/ports.ts";

const ALONE = "only the manifest is sent to the server, not the files beside it";

/** Dependencies of a package.json, by section. */
type Sections = Readonly<Record<string, unknown>>;

/** @throws BuildError for a dependency that is a file or folder, and for what is no dependency */
export function refusePackageFiles(manifest: Sections): void {
  for (const section of ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"]) {
    const dependencies = dependenciesOf(manifest, section);
    const found = dependencies.find(([, version]) => isPath(version));
    if (found === undefined) continue;
    throw new BuildError(
      `package.json: ${section} has ${JSON.stringify(found[0])} at ${JSON.stringify(found[1])}, but ${ALONE}: put its code into the function's source, or name a version of a registry or a git address`,
    );
  }
}

function dependenciesOf(manifest: Sections, section: string): [string, unknown][] {
  const dependencies = manifest[section] ?? {};
  if (typeof dependencies !== "object" || Array.isArray(dependencies))
    throw new BuildError(`package.json: ${section} must be an object of names and versions, such as {"six": "^1.2.0"}`);
  const entries: [string, unknown][] = Object.entries(dependencies);
  const odd = entries.find(([, version]) => typeof version !== "string");
  if (odd === undefined) return entries;
  const [name, version] = odd.map((part) => JSON.stringify(part));
  throw new BuildError(`package.json: ${section} has ${name} at ${version}: a version is a text, such as "^1.2.0"`);
}

function isPath(version: unknown): boolean {
  return typeof version === "string" && /^\s*(file:|link:|portal:|workspace:|\.{0,2}\/|\.\.?$|~\/)/i.test(version);
}

/** Options that name another file, the manifest's own folder, and paths. */
const REQUIREMENT_FILE =
  /^(-[rce](\s|=|[^\s-])|--(requirement|constraint|editable)\b|\.{0,2}\/|\.\.?($|\[)|~\/|([^#;]*@\s*)?file:)/i;

/** @throws BuildError for a line of a requirements.txt that names a file or folder */
export function refuseRequirementFiles(manifest: string): void {
  const lines = manifest.split(/\r?\n/).map((line) => line.trim());
  const index = lines.findIndex((line) => REQUIREMENT_FILE.test(line) && !/^(-e|--editable)[\s=]*git\+/.test(line));
  if (index === -1) return;
  throw new BuildError(
    `requirements.txt: line ${index + 1}, ${JSON.stringify(lines[index])}, names a file, but ${ALONE}: write the requirements themselves, or put the code into the function's source`,
  );
}
