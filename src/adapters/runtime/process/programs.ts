/** How the runtime calls the small programs of the system that it is made of. */
import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { join } from "node:path";

/** Where the system's programs are; the server's own PATH plays no part. */
export const PROGRAM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Whether the server runs as root. */
export const isRoot = (): boolean => process.getuid?.() === 0;

/** The full path of a program in the folders of a PATH, or undefined. */
export const findProgram = async (name: string, path: string = PROGRAM_PATH): Promise<string | undefined> => {
  for (const folder of path.split(":")) {
    const candidate = join(folder || ".", name);
    const found = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return candidate;
  }
  return undefined;
};

/** The line that brings every program of the sandbox and of the functions' network. */
export const INSTALL_PROGRAMS = "apt-get install bubblewrap slirp4netns nftables util-linux iproute2";

/** Those of the programs that this machine lacks. */
export const missingPrograms = async (names: readonly string[]): Promise<string[]> => {
  const found = await Promise.all(names.map((name) => findProgram(name)));
  return names.filter((_, index) => found[index] === undefined);
};

/**
 * Runs a program to its end and gives what it wrote.
 * @throws Error with the program's own complaint when it fails.
 */
export const runProgram = (command: string, args: readonly string[], input = ""): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: "/", env: { PATH: PROGRAM_PATH } });
    let output = "";
    let complaint = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      complaint += chunk.toString();
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${command}: ${complaint.trim() || `exit code ${code}`}`));
    });
    child.stdin.on("error", () => undefined); // a program that ends without reading is judged by its exit code
    child.stdin.end(input);
  });
