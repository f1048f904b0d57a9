import { type LanguageRules, withoutDot } from "./language.ts";

const EXTENSIONS = [".js", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"];

/** The way of Node's own `require`: the name itself, with an extension, as a folder with an index. */
const filesOf = (path: string): string[] => {
  const base = path.replace(/\/+$/, "");
  if (base === "") return [];
  return [
    base,
    ...EXTENSIONS.map((extension) => base + extension),
    ...EXTENSIONS.map((extension) => `${base}/index${extension}`),
  ];
};

export const nodejs: LanguageRules = {
  title: "Node.js",
  baseImage: "nodejs-base",
  manifest: "package.json",
  inputErrors: ["TypeError", "InputError"],
  handler: {
    candidate: /(?<!\.d)\.([mc]?ts|tsx)$|\.[mc]?js$/,
    fromFile: ({ path }) => `./${path}`,
    syntax: /^(?!\/)[^\0]+$/,
    form: "the path of a file in the source, for example ./hello.js, or one of its functions, ./hello.create",
    files: (handler) => filesOf(withoutDot(handler)),
    ownerFiles: (handler) => filesOf(withoutDot(handler.slice(0, Math.max(0, handler.lastIndexOf("."))))),
    resolved: (_handler, path) => `./${path}`,
  },
};
