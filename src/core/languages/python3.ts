import { type LanguageRules, withoutExtension } from "./language.ts";

const filesOf = (module: string): string[] => {
  const path = module.replaceAll(".", "/");
  return [`${path}.py`, `${path}/__init__.py`];
};

export const python3: LanguageRules = {
  title: "Python",
  baseImage: "python3-base",
  manifest: "requirements.txt",
  inputErrors: ["ValueError", "TypeError", "InputError"],
  handler: {
    candidate: /\.py$/,
    fromFile: ({ path }) => `${withoutExtension(path)}.handle`,
    // Made when it is used: whoever wants only the names of the languages need not wait for it.
    get syntax() {
      return /^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)+$/u;
    },
    form: "module.function, for example hello.handle",
    files: (handler) => filesOf(handler.slice(0, handler.lastIndexOf("."))),
    resolved: (handler) => handler,
  },
};
