import { optional } from "../../../frame/command.ts";
import { UsageError } from "../../../frame/errors.ts";
import { text } from "../../../frame/flags.ts";
import { command } from "../context/context.ts";
import { ofFile } from "../local/flags.ts";
import { replay } from "./replay.ts";

export const run = command({
  name: "run",
  summary: "Run a file once, without a server: in the sandbox that a server would run it in",
  notes:
    "What the function writes goes to stderr as it comes, its result to stdout; exits with 1 when it failed. A manifest beside\nthe file (package.json, requirements.txt, pom.xml, requirements.psd1) is installed first. --replay runs the recorded input\nof a run on the server once more instead, and shows how the outputs differ.",
  arguments: [optional("PATH")],
  flags: {
    input: text("Input: JSON, @FILE, or - for standard input", { default: "{}" }),
    ...ofFile,
    replay: text("The run (RUN_ID) whose input is run again", { completes: "run" }),
  },
  examples: [
    `dispatch run hello.ts --input '{"name": "Jon"}'`,
    "dispatch run create_vm.py --input @vm.json --secret cloud.json",
    "dispatch run --replay 2830d337-0e8f-4713-b6fe-3b332b63f451",
  ],
  run: async ({ flags, ...context }) => {
    const [path = ""] = context.args;
    if (flags.replay !== undefined && path !== "") throw new UsageError("give a file or --replay RUN_ID, not both");
    if (flags.replay !== undefined) return replay(context, flags.replay);
    if (path === "")
      throw new UsageError("name the file to run, or a run whose input is to be run again: --replay RUN_ID");
    const { runFile } = await import("../local/run-file.ts");
    return runFile(context, path, flags);
  },
});
