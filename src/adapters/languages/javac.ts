/** Java's own compiler, in the sandbox: annotation processors of an image are strangers' code. */

import { join } from "node:path";
import { INLINE_CONCATENATION } from "./java-guest.ts";
import type { Compiler } from "./language.ts";

/** What javac says of its own machine and of how it was called helps nobody. */
const NOISE = /^(Picked up |Note: )/;

export const javac: Compiler = {
  name: "javac",
  program: "javac",
  isSource: (path) => path.endsWith(".java"),
  outputName: "classes",
  args: ({ sources, folder, modules }) => [
    ...["-J-XX:+UseSerialGC", "-J-XX:TieredStopAtLevel=1", "-J-Xmx768m", "-J-XX:-UsePerfData"],
    ...INLINE_CONCATENATION,
    ...["-d", "classes", "-encoding", "UTF-8", "-g", "-parameters", "-Xlint:none", "-Xmaxerrs", "20"],
    ...[
      "-cp",
      [folder, `${folder}/*`, `${folder}/lib/*`, ...(modules === undefined ? [] : [`${modules}/*`])].join(":"),
    ],
    ...sources.map((path) => join(folder, path)),
  ],
  imageModules: "lib",
  /** Maven's layout: what lies in src/main/resources is found as if it lay beside the classes. */
  keptPath: (path) =>
    path.startsWith("src/main/resources/") ? `classes/${path.slice("src/main/resources/".length)}` : path,
  complaints: (lines) => lines.filter((line) => !NOISE.test(line)),
};
