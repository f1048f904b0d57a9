/** The guest of Java is compiled where it runs, once for each JDK: then any JDK that is there will do. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Interpreter } from "../runtime/process/interpreters.ts";

const run = promisify(execFile);

/** Where sandboxes see the folder of `guest.jar`. */
export const JAVA_GUEST_AT = "/opt/dispatch/java";

/** Texts joined by `+` are joined by plain code: each place would otherwise cost a start some milliseconds to link at its first use. */
export const INLINE_CONCATENATION = ["-XDstringConcat=inline"];

const SOURCES = "java/dispatch/guest";

/** Seconds since 1970: an archive of classes fits a jar of the same size and time, whichever server made it of the same sources. */
const MADE = 1_000_000_000;

/** The folder of this process, made when it is first needed and removed with the process. */
let ownFolder: string | undefined;
const folderOfGuests = (): string => {
  if (ownFolder === undefined) {
    const made = mkdtempSync(join(tmpdir(), "dispatch-java-guest-"));
    chmodSync(made, 0o755);
    process.once("exit", () => rmSync(made, { recursive: true, force: true }));
    ownFolder = made;
  }
  return ownFolder;
};

const compile = async (guestFolder: string, { command, version }: Interpreter): Promise<string> => {
  const folder = join(guestFolder, SOURCES);
  const sources = readdirSync(folder).map((name) => join(folder, name));
  const digest = createHash("sha256").update(version);
  for (const source of sources) digest.update(readFileSync(source));
  const target = join(folderOfGuests(), digest.digest("hex").slice(0, 16));
  const jar = join(target, "guest.jar");
  if (existsSync(jar)) return jar;
  const draft = mkdtempSync(join(folderOfGuests(), "draft-"));
  const bin = dirname(command);
  mkdirSync(join(draft, "jar"));
  await run(join(bin, "javac"), [
    ...INLINE_CONCATENATION,
    "-nowarn",
    "-encoding",
    "UTF-8",
    "-d",
    join(draft, "classes"),
    ...sources,
  ]);
  await run(join(bin, "jar"), ["--create", "--file", join(draft, "jar/guest.jar"), "-C", join(draft, "classes"), "."]);
  chmodSync(join(draft, "jar"), 0o755);
  chmodSync(join(draft, "jar/guest.jar"), 0o644);
  utimesSync(join(draft, "jar/guest.jar"), MADE, MADE);
  renameSync(join(draft, "jar"), target);
  rmSync(draft, { recursive: true, force: true });
  return jar;
};

const compiled = new Map<string, Promise<string>>();

/** The path of the guest's archive. @throws Error with the compiler's words. */
export const javaGuest = (guestFolder: string, interpreter: Interpreter): Promise<string> => {
  const key = `${guestFolder}\n${interpreter.command}`;
  const made = compiled.get(key) ?? compile(guestFolder, interpreter);
  compiled.set(key, made);
  made.catch(() => compiled.delete(key));
  return made;
};
