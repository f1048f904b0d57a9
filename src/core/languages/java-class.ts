import { SourceError, type SourceFile } from "../shared/source-file.ts";

/** The package is declared at the top of a file; what comes later need not be searched. */
const HEAD_BYTES = 65536;

/**
 * Package and class of a Java file: the class has the file's name, as the compiler demands of a public one.
 * @throws SourceError when the file's name is no class name.
 */
export function javaClassOf({ path, bytes }: SourceFile): string {
  const name = path.replace(/^.*\//, "").replace(/\.java$/, "");
  if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) throw new SourceError(`${path} is not named after a Java class.`);
  const code = withoutComments(Buffer.from(bytes.subarray(0, HEAD_BYTES)).toString());
  const declared = /^[ \t]*package\s+([\p{L}\p{N}_$.]+)\s*;/mu.exec(code)?.[1];
  return declared === undefined ? name : `${declared}.${name}`;
}

/** Licence headers may speak of packages. An open comment reaches to the end, which keeps the pattern linear. */
function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?(?:\*\/|$)|\/\/[^\n]*/g, "");
}
