import { javaClassOf } from "./java-class.ts";
import type { LanguageRules } from "./language.ts";

/** An inner class (`a.Outer.Inner`, `a.Outer$Inner`) lives in the file of its outermost one; Maven keeps sources deeper. */
const filesOf = (handler: string): string[] => {
  const segments = handler.replaceAll("$", ".").split(".");
  const ends = segments.map((_segment, index) => segments.slice(0, segments.length - index));
  return ends.flatMap((end) => [
    ...[`${end.at(-1)}.java`, `${end.join("/")}.java`, `src/main/java/${end.join("/")}.java`],
    `${end.join("/")}.class`,
  ]);
};

export const java: LanguageRules = {
  title: "Java",
  baseImage: "java-base",
  manifest: "pom.xml",
  inputErrors: ["java.lang.IllegalArgumentException", "InputError"],
  handler: {
    candidate: /\.java$/,
    fromFile: javaClassOf,
    // Made when it is used: whoever wants only the names of the languages need not wait for it.
    get syntax() {
      return /^[\p{L}_$][\p{L}\p{N}_$]*(\.[\p{L}_$][\p{L}\p{N}_$]*)*$/u;
    },
    form: "a class with its package, for example io.dispatchframework.examples.Hello",
    files: filesOf,
    containers: /\.jar$/,
    resolved: (handler) => handler,
  },
};
