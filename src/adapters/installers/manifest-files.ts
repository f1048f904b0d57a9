/** A manifest travels alone: what points to a file beside it can only dangle, and is refused by name. */
import { BuildError } from "../../core/shared/ports.ts";

const ALONE = "only the manifest is sent to the server, not the files beside it";

/** Dependencies of a package.json, by section. */
type Sections = Readonly<Record<string, unknown>>;

/** @throws BuildError for a dependency that is a file or folder */
export function refusePackageFiles(manifest: Sections): void {
  for (const section of ["dependencies", "devDependencies", "optionalDependencies", "peerDependencies"]) {
    const found = Object.entries(manifest[section] ?? {}).find(([, version]) => isPath(version));
    if (found === undefined) continue;
    throw new BuildError(
      `package.json: ${section} has ${JSON.stringify(found[0])} at ${JSON.stringify(found[1])}, but ${ALONE}: put its code into the function's source, or name a version of a registry or a git address`,
    );
  }
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
