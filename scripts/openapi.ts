/** Writes docs/generated/openapi.json from the contracts; a test says when that was forgotten. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { documentText } from "../src/front/http/docs.ts";
import { allOperations } from "../src/front/http/operations.ts";

const path = fileURLToPath(new URL("../docs/generated/openapi.json", import.meta.url));
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, documentText(allOperations()));
