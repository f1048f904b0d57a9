import { baseImageOperations, baseImageSchema } from "../../../core/images/contract.ts";
import { languageNames } from "../../../core/languages/languages.ts";
import { needed } from "../frame/command.ts";
import { text as textFlag } from "../frame/flags.ts";
import { dateColumn, type Kind, keys, plainStyle, text, textColumn, usualMessages, writing } from "./kind.ts";

/** Base images: the language runtimes. */
export const baseImage: Kind = {
  kind: "BaseImage",
  word: "base-image",
  aliases: ["base-images"],
  title: "base image",
  messages: usualMessages("base image"),
  operations: baseImageOperations,
  schema: baseImageSchema,
  required: ["dockerUrl", "language"],
  shape: keys("createdTime? dockerUrl groups id? kind? language name reason spec? status? tags"),
  table: {
    style: plainStyle,
    columns: [
      textColumn("Name", "name"),
      textColumn("URL", "dockerUrl"),
      textColumn("Status", "status"),
      dateColumn("Created Date"),
    ],
  },
  summaryKey: "baseImages",
  hasStatus: true,
  writing: writing({
    arguments: [needed("IMAGE_NAME", "BaseImage"), needed("IMAGE_URL")],
    flags: {
      language: textFlag(languageNames.join(", ").replace(/, (\w+)$/, " or $1"), { completes: languageNames }),
    },
    example: "base-image nodejs-base dispatchframework/nodejs-base:0.0.12 --language nodejs",
    draft: ({ args: [name, dockerUrl], flags }) => ({ name, dockerUrl, language: flags.language ?? "", tags: [] }),
  }),
  facts: (resource) => [
    ["URL", [text(resource, "dockerUrl")]],
    ["Language", [text(resource, "language")]],
  ],
  users: { Image: (image) => [text(image, "baseImageName")] },
};
