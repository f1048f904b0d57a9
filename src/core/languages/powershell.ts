import { type LanguageRules, withoutDot } from "./language.ts";

export const powershell: LanguageRules = {
  title: "PowerShell",
  baseImage: "powershell-base",
  manifest: "requirements.psd1",
  inputErrors: ["System.ArgumentException", "InputError"],
  handler: {
    candidate: /\.ps1$/,
    fromFile: ({ path }) => `${path}::handle`,
    syntax: /^(?!\/)[^\0:]+\.ps1::[\w-]+$/,
    form: "file.ps1::function, for example hello.ps1::handle",
    files: (handler) => [withoutDot(handler.slice(0, handler.lastIndexOf("::")))],
    resolved: (handler) => withoutDot(handler),
  },
};
