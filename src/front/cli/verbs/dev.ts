import { needed } from "../../../frame/command.ts";
import { text } from "../../../frame/flags.ts";
import { command } from "../context/context.ts";
import { languagesShown, ofFile } from "../local/flags.ts";

export const dev = command({
  name: "dev",
  summary: "Deploy a function to the server whenever it is saved, and show its runs and what they write",
  notes:
    'After "reloaded" no call gets an answer of the code before. Code that cannot be loaded is explained, and the function goes on as\nit was. Enter invokes the last input again, as dispatch invoke does elsewhere; Ctrl-C ends it, and the function stays.',
  arguments: [needed("PATH")],
  flags: {
    name: text("Name of the function (default: that of the file or folder)", { completes: "Function" }),
    image: text(`Image it runs on (default: that of its language: ${languagesShown})`, {
      completes: "Image",
    }),
    ...ofFile,
  },
  examples: ["dispatch dev ./hello", "dispatch dev create_vm.py --image python3-cloud --secret cloud.json"],
  run: async ({ flags, ...context }) => {
    const { develop } = await import("../local/develop.ts");
    return develop(context, context.args[0] ?? "", flags);
  },
});
