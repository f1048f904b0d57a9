/** Writes docs/generated/cli.md from the commands; a test says when that was forgotten. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { globalFlags } from "../src/front/cli/context/settings.ts";
import { rootCommand } from "../src/front/cli/verbs/root.ts";
import { referenceText } from "./command-reference.ts";

const path = fileURLToPath(new URL("../docs/generated/cli.md", import.meta.url));
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, referenceText(await rootCommand(), globalFlags));
