import { existsSync } from "node:fs";
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findInterpreter } from "../../src/adapters/languages/languages.ts";
import {
  createHarness,
  evaluate,
  findObstacle,
  type Harness,
  pretendedImage,
  run,
  startFunction,
  startGeneric,
  suiteName,
} from "../contract/runtime-harness.ts";
import { READER, SEARCHER, WRITER } from "./hostile.ts";

const obstacle = await findObstacle();

/** The folder of the Python interpreter where it is none of the system's, else "". */
const reportPrefix = async (): Promise<string> => {
  const search = await findInterpreter("python3");
  return search.found ? (search.interpreter.binds[0]?.source ?? "") : "";
};

/** Writes until nothing more fits, and gives the mebibytes written. */
const FILLER = `
def handle(context, path):
    written = 0
    try:
        with open(path, "wb", buffering=0) as file:
            while written < 2000: written += file.write(bytes(1 << 20)) / (1 << 20)
    except OSError as error:
        return [written, error.strerror]
    return [written, "no limit"]`;

describe.skipIf(obstacle !== undefined)(suiteName("a hostile function and the file system", obstacle), () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await createHarness();
  });
  afterAll(() => harness.close());

  const evaluatePython = (source: string, payload: unknown) =>
    evaluate(harness.runtime, "python3", source, { payload });

  test.skipIf(process.getuid?.() !== 0)(
    suiteName(
      "finds no credentials of the machine among its programs",
      process.getuid?.() === 0 ? undefined : "only root can put them there",
    ),
    async () => {
      const made = ["/usr/local/pip.conf", "/usr/local/etc/gitconfig", "/usr/local/etc/netrc"];
      const there = made.filter((path) => !existsSync(path));
      const others = ["/usr/etc/npmrc", "/usr/local/etc/npmrc"].filter((path) => existsSync(path));
      try {
        for (const path of there) await writeFile(path, "password = of-this-machine", { mode: 0o644 });
        const found = await evaluate(harness.runtime, "python3", READER, { payload: [...there, ...others] });
        expect(found).toEqual(Object.fromEntries([...there, ...others].map((path) => [path, ""])));
        expect(there.length).toBeGreaterThan(0);
      } finally {
        for (const path of there) await rm(path);
      }
    },
  );

  test("it sees nothing of the data folder, even when that is open to everybody", async () => {
    const data = join(harness.folder, "data");
    await mkdir(data);
    await chmod(harness.folder, 0o755);
    await writeFile(join(data, "dispatch.db"), "the records", { mode: 0o644 });
    const paths = [data, join(data, "dispatch.db"), harness.folder, join(harness.folder, "state")];
    const found = (await evaluatePython(READER, paths)) as Record<string, unknown>;
    expect(new Set(Object.values(found))).toEqual(new Set(["FileNotFoundError"]));
    expect(await evaluatePython(SEARCHER, "the records")).toEqual([]);
  });

  test("it sees no passwords, no homes, nothing of the host's /etc, /var, /run or /sys", async () => {
    const paths = [
      "/etc/shadow",
      "/root/.ssh",
      "/root/.bashrc",
      "/etc/ssh",
      "/etc/hostname",
      "/var",
      "/run",
      "/sys",
      "/boot",
      "/srv",
      "/mnt",
    ];
    const found = (await evaluatePython(READER, paths)) as Record<string, unknown>;
    expect(new Set(Object.values(found))).toEqual(new Set(["FileNotFoundError"]));
    // An interpreter that somebody installed at home is the only thing to be seen there.
    const home = (await evaluatePython(READER, ["/root", "/home"])) as Record<string, unknown>;
    const prefix = (await reportPrefix()).split("/").slice(1);
    for (const [path, entries] of Object.entries(home)) {
      expect(entries).toEqual(path === `/${prefix[0]}` ? [prefix[1]] : "FileNotFoundError");
    }
    const { "/etc/passwd": passwd } = (await evaluatePython(READER, ["/etc/passwd"])) as Record<string, string>;
    expect(passwd?.split("\n").filter(Boolean)).toHaveLength(3);
  });

  test("it finds neither source nor secrets of another function, in its files, its memory or /tmp", async () => {
    const keeper = `open("/tmp/kept", "w").write("the-other-secret")
def handle(context, payload):
    open("/tmp/kept", "w").write(context["secret"])
    return payload`;
    const victim = await startFunction(harness.runtime, "python3", keeper);
    await run(victim, null, { secret: "the-other-secret" });
    expect(await evaluatePython(SEARCHER, "the-other-secret")).toEqual([]);
    const environments = `
import os
def handle(context, text):
    def read(path):
        try: return open(path, "rb").read()
        except OSError: return b""
    pids = [name for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in pids for part in ("environ", "cmdline", "maps", "mem") if text.encode() in read("/proc/" + pid + "/" + part)]`;
    expect(await evaluatePython(environments, "the-other-secret")).toEqual([]);
    await victim.stop("retired");
  });

  test("it writes nowhere but into its own memory file systems", async () => {
    const paths = [
      "/x",
      "/usr/x",
      "/etc/passwd",
      "/etc/x",
      "/dev/x",
      "/opt/x",
      "/opt/dispatch/x",
      "/proc/sys/kernel/hostname",
    ];
    expect(await evaluatePython(WRITER, paths)).toEqual([]);
    expect(await evaluatePython(WRITER, ["/tmp/x", "/function/x", "/dev/shm/x"])).toHaveLength(3);
  });

  test("it cannot fill the disk: its folders have a size", async () => {
    for (const path of ["/tmp/fill", "/dev/shm/fill"]) {
      expect(await evaluatePython(FILLER, path)).toEqual([16, "No space left on device"]);
    }
  });

  test("the folder of an image is read-only", async () => {
    const { image, path } = pretendedImage(harness, "read-only");
    await mkdir(join(path, "site-packages"), { recursive: true, mode: 0o777 });
    const payload = ["/image/x", "/image/site-packages/x"];
    expect(await evaluate(harness.runtime, "python3", WRITER, { image, payload })).toEqual([]);
  });

  test.each([
    ["nodejs", "node_modules"],
    ["python3", ""],
  ] as const)("an image of %s whose folder %j is a link starts nothing", async (language, name) => {
    const { image, path } = pretendedImage(harness, `linked-${language}`);
    await mkdir(path, { recursive: true });
    if (name === "") await rm(path, { recursive: true });
    await symlink("/", name === "" ? path : join(path, name));
    const starting = startGeneric(harness.runtime, language, { image });
    await expect(starting).rejects.toThrow("is not a real folder");
  });
});
