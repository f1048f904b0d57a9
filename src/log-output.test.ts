/** The log with real opponents: a disk that is full, readers that do not read or go away. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const module = fileURLToPath(new URL("log-output.ts", import.meta.url));

/** Writes lines, says on stderr that it is through, and once more when it was told to. */
const program = `
  import { openLogOutput } from ${JSON.stringify(module)};
  process.stdout.on("error", () => {});
  const output = openLogOutput();
  for (let n = 0; n < 5000; n++) output.write("x".repeat(1000) + "\\n");
  process.stderr.write("through\\n");
  process.stdin.once("data", async () => {
    output.write("again\\n");
    await output.flush();
    process.stderr.write("done\\n");
    process.exit();
  });
`;

function start(redirection: string): ChildProcess {
  const command = `exec "$0" --input-type=module-typescript -e "$1" ${redirection}`;
  return spawn("sh", ["-c", command, process.execPath, program], { stdio: ["pipe", "pipe", "pipe"] });
}

async function said(child: ChildProcess, word: string): Promise<void> {
  const [chunk] = await once(child.stderr as NodeJS.ReadableStream, "data");
  expect(String(chunk)).toContain(word);
}

test.each([
  ["a full disk", ">/dev/full"],
  ["a socket that nobody reads", ""],
  ["a pipe that nobody reads", "| sleep 30"],
])("%s does not hold up the writer", async (_what, redirection) => {
  const child = start(redirection);
  await said(child, "through");
  child.stdin?.write("x");
  await said(child, "done");
  child.kill();
  child.stdout?.destroy();
});

test("what was lost is counted, and told when the reader comes back", async () => {
  const child = start("");
  await said(child, "through");
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  await new Promise((resolve) => setTimeout(resolve, 300));
  child.stdin?.write("x");
  await once(child, "close");
  const lost = Number(
    /"msg":"(\d+) line\(s\) of this log could not be written \(its reader is too slow\)"/.exec(text)?.[1],
  );
  expect(text.split("\n").filter((line) => line.startsWith("xxx")).length + lost).toBe(5000);
  expect(text).toMatch(/again\n$/);
});

test("a reader that went away is no reason to end", async () => {
  const child = start("");
  await said(child, "through");
  child.stdout?.destroy();
  await new Promise((resolve) => setTimeout(resolve, 100));
  child.stdin?.write("x");
  await said(child, "done");
});
