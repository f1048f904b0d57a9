import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

const PRINT = `
  import { connectionShare, fewFilesWarning } from ${JSON.stringify(new URL("./open-files.ts", import.meta.url).href)};
  console.log(JSON.stringify([connectionShare(), fewFilesWarning() ?? ""]));`;

/** As a process says it that may open so many files. */
function underLimit(most: number): [share: number, warning: string] {
  const script = `ulimit -n ${most} && exec "$0" --input-type=module -e "$1"`;
  return JSON.parse(execFileSync("sh", ["-c", script, process.execPath, PRINT], { encoding: "utf8" }));
}

test("where few files may be open, no listener takes all, and the log says how to raise it", () => {
  const [share, warning] = underLimit(256);
  expect(share).toBe(51);
  expect(warning).toMatch(/^only 256 files and connections .* start the server with ulimit -n 65536/);
});

test("where many may be open, nothing is said", () => {
  expect(underLimit(4096)).toEqual([819, ""]);
});
