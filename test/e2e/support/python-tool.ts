/** Python programs that tests use: installed from PyPI into `.cache` of the repository by the first test that needs one. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { messageOf } from "../../../src/core/shared/message-of.ts";

const run = promisify(execFile);
const INSTALL_TIMEOUT_MS = 300_000;

/** The interpreter that has the package, or the sentence that says why it cannot be had on this machine. */
export async function installPythonTool(
  name: string,
  version: string,
): Promise<{ readonly python: string } | { readonly missing: string }> {
  const folder = fileURLToPath(new URL(`../../../.cache/${name}/${version}`, import.meta.url));
  const python = `${folder}/bin/python`;
  if (existsSync(python)) return { python };
  process.stderr.write(`Installing ${name} ${version} from PyPI into .cache/${name} (once) ...\n`);
  const unfinished = `${folder}.${process.pid}`;
  try {
    await run("python3", ["-m", "venv", unfinished]);
    const pip = ["-m", "pip", "install", "--quiet", "--retries", "1", `${name}==${version}`];
    await run(`${unfinished}/bin/python`, pip, { timeout: INSTALL_TIMEOUT_MS });
    await rename(unfinished, folder);
    return { python };
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    const text = messageOf(error);
    return { missing: `${name} cannot be installed here: ${text.trim().split("\n").at(-1)}` };
  }
}
