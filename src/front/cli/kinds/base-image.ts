import { baseImageOperations, baseImageSchema } from "../../../core/images/contract.ts";
import { languageNames } from "../../../core/languages/languages.ts";
import { choice, text as textFlag } from "../../../frame/flags.ts";
import { created, defineKind } from "./kind.ts";

/** Base images: the language runtimes. */
export const baseImage = defineKind({
  kind: "BaseImage",
  word: "base-image",
  title: "base image",
  operations: baseImageOperations,
  schema: baseImageSchema,
  shape: "createdTime? dockerUrl groups id? interpreter? kind? language name reason spec? status? tags",
  columns: { Name: "name", URL: "dockerUrl", Status: "status", "Created Date": created },
  summaryKey: "baseImages",
  hasStatus: true,
  arguments: { name: ["IMAGE_NAME", "BaseImage"], dockerUrl: ["IMAGE_URL"] },
  flags: {
    language: choice("", languageNames),
    interpreter: textFlag(
      "the interpreter in sandboxes: its path on the server's machine, or a version found there (3.12)",
    ),
  },
  examples: [
    "base-image nodejs-base dispatchframework/nodejs-base:0.0.12 --language nodejs",
    "base-image python3-old dispatchframework/python3-base --language python3 --interpreter 3.9",
  ],
  // The published images are known by their names: the older command line sent no word, and the server takes none.
  draft: async ({ flags }) => ({ language: flags.language ?? "" }),
  facts: { URL: "dockerUrl", Language: "language", Interpreter: "interpreter" },
  users: { Image: "baseImageName" },
});
