/** Java 17 or later: a JDK, because functions are compiled when they are deployed. */
import { execFile } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { maven } from "../installers/maven.ts";
import { imageFolder } from "../runtime/process/guest-files.ts";
import { findOnPath, type InterpreterSearch, LINKS_AT } from "../runtime/process/interpreters.ts";
import type { Bind } from "../runtime/process/sandbox.ts";
import { JAVA_GUEST_AT, javaGuest } from "./java-guest.ts";
import { javac } from "./javac.ts";
import type { LanguageAdapter } from "./language.ts";

const run = promisify(execFile);
const OLDEST = 17;
const LONGEST_START_MS = 30_000;
const REMEDY = "apt-get install openjdk-17-jdk-headless";

/** Where sandboxes see the archive of classes: `-Xshare:auto` goes on without one that does not fit. */
const ARCHIVE_AT = "/opt/dispatch/start.jsa";

const absent = (reason: string): InterpreterSearch => ({ found: false, reason, remedy: REMEDY });

/** Debian keeps a JDK's settings in /etc, where its own folder has links to. */
const settingsOf = (home: string): Bind[] => {
  const file = join(home, "conf/security/java.security");
  const [folder] = /^\/etc\/java-[^/]+/.exec(existsSync(file) ? realpathSync(file) : "") ?? [];
  return folder === undefined ? [] : [{ source: folder, target: folder }];
};

const examine = async (program: string): Promise<InterpreterSearch> => {
  const asked = run(program, ["-XshowSettings:properties", "-version"], { cwd: "/", timeout: LONGEST_START_MS });
  const { stderr } = await asked.catch(() => ({ stderr: "" }));
  const [, home] = /^\s*java\.home = (.+)$/m.exec(stderr) ?? [];
  const [, version] = /^\s*java\.version = (\S+)$/m.exec(stderr) ?? [];
  if (home === undefined || version === undefined) return absent(`${program} does not run`);
  if (Number.parseInt(version, 10) < OLDEST)
    return absent(`${program} is Java ${version}: ${OLDEST} or later is needed`);
  if (!existsSync(join(home, "bin/javac")))
    return absent(
      `the Java ${version} in ${home} has no compiler (javac), which functions need when they are deployed`,
    );
  const command = await realpath(join(home, "bin/java"));
  const binds = [...(home.startsWith("/usr/") ? [] : [{ source: home, target: home }]), ...settingsOf(home)];
  const link = { path: `${LINKS_AT}/java`, target: command };
  return { found: true, interpreter: { command, inside: command, version, binds, link } };
};

/**
 * One processor's collector, and memory given back early: the limit of a worker is set when its function is loaded, so the heap
 * may grow and the control group decides. `--add-opens`: the guest's channel, and the function's variables.
 */
const FLAGS = [
  ...["-XX:+UseSerialGC", "-Xms8m", "-XX:MinHeapFreeRatio=20", "-XX:MaxHeapFreeRatio=40", "-XX:-UsePerfData", "-Xss2m"],
  ...[
    "-Xshare:auto",
    "-Xlog:disable",
    "-Xlog:all=error:stderr",
    "-XX:ErrorFile=/tmp/hs_err.log",
    "-Dfile.encoding=UTF-8",
  ],
  ...["--add-opens=java.base/java.io=ALL-UNNAMED", "--add-opens=java.base/java.lang=ALL-UNNAMED"],
  "--add-opens=java.base/java.util=ALL-UNNAMED",
];

export const java: LanguageAdapter = {
  interpreters: {
    title: "Java",
    programs: /^java$/,
    example: "/usr/lib/jvm/java-21-openjdk-amd64/bin/java",
    places: ["/usr/lib/jvm/*/bin/java", "/opt/*/bin/java", "~/.sdkman/candidates/java/*/bin/java"],
    lineParts: 1,
    remedy: REMEDY,
    locate: () => findOnPath("java"),
    examine,
  },
  guest: async (sandbox, guests, image, interpreter) => {
    const jar = await javaGuest(guests.source, interpreter);
    const bind = { source: dirname(jar), target: JAVA_GUEST_AT };
    const archive = image.startArchive === undefined ? [] : [{ source: image.startArchive, target: ARCHIVE_AT }];
    const shared = archive.map((file) => `-XX:SharedArchiveFile=${sandbox.pathOf(file)}`);
    const args = [...FLAGS, ...shared, "-cp", join(sandbox.pathOf(bind), "guest.jar"), "dispatch.guest.Main"];
    const directory = sandbox.mode === "none" ? {} : { directory: "/function" };
    if (image.folder === undefined) return { args, binds: [bind, ...archive], ...directory };
    const folder = imageFolder(image.folder);
    return { args, binds: [bind, folder, ...archive], ...directory, modules: join(sandbox.pathOf(folder), "lib") };
  },
  startArchive: {
    key: async (guestFolder, interpreter) => {
      const { size, mtimeMs } = await stat(interpreter.command);
      return [basename(dirname(await javaGuest(guestFolder, interpreter))), size, mtimeMs, ...FLAGS].join(" ");
    },
    training: ({ args, modules }, folder, file) => [
      ...[`-XX:ArchiveClassesAtExit=${folder}/${file}`, ...args, folder],
      ...(modules === undefined ? [] : [modules]),
    ],
  },
  installer: maven,
  compiler: javac,
};
