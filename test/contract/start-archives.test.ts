/** Archives of classes: made with the image, mapped by its workers, and never in the way of a start. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLocalBuilder } from "../../src/adapters/builder/local.ts";
import { findInterpreter } from "../../src/adapters/languages/languages.ts";
import type { Builder, BuiltImage } from "../../src/core/shared/ports.ts";
import { ignore, imageSpec } from "./builder.ts";
import {
  artefactOf,
  createHarness,
  findObstacle,
  type Harness,
  pretendedImage,
  run,
  silent,
  startFunction,
  suiteName,
} from "./runtime-harness.ts";

/** Says which archives of classes it maps, and how many classes came from this one. */
const MAPPED = `import java.nio.file.*;
import java.util.function.BiFunction;
public class Hello implements BiFunction<Object, Object, Object> {
  public Object apply(Object context, Object payload) {
    try { return Files.readAllLines(Path.of("/proc/self/maps")).stream().filter(line -> line.endsWith(".jsa")).map(line -> line.substring(line.lastIndexOf('/') + 1)).distinct().sorted().toList(); }
    catch (java.io.IOException error) { throw new java.io.UncheckedIOException(error); }
  }
}
`;

const search = await findInterpreter("java");
const obstacle = (await findObstacle()) ?? (search.found ? undefined : search.reason);

describe.skipIf(obstacle !== undefined)(suiteName("archives of classes", obstacle), { timeout: 120_000 }, () => {
  let harness: Harness;
  let builder: Builder;
  let image: BuiltImage;
  let archives: string;
  let own: string;
  let bundle: Uint8Array;

  beforeAll(async () => {
    harness = await createHarness();
    const folder = join(harness.folder, "images");
    builder = createLocalBuilder({ folder, sandbox: harness.sandbox, log: silent, keep: 0 });
    image = await builder.build(imageSpec("java", ""), ignore);
    archives = join(folder, "archives");
    [own = ""] = readdirSync(archives);
    ({ bundle } = await artefactOf(harness, "java", { "Hello.java": MAPPED }));
  }, 120_000);
  afterAll(() => harness.close());

  const fileOf = (name = own): string => join(archives, name, "start.jsa");

  const mapped = async (of = image): Promise<unknown> => {
    const worker = await startFunction(harness.runtime, "java", "", { handler: "Hello", image: of, bundle });
    try {
      return JSON.parse((await run(worker)).output ?? "null");
    } finally {
      await worker.stop("retired");
    }
  };

  test("one is made with an image, for all images of this interpreter that have no dependencies", async () => {
    const { ino } = statSync(fileOf());
    await builder.build({ ...imageSpec("java", ""), organization: "other" }, ignore);
    expect(readdirSync(archives)).toHaveLength(1);
    expect(statSync(fileOf()).ino).toBe(ino);
  });

  test("a worker maps it, and it is closed to everybody but the server", async () => {
    expect(await mapped()).toContain("start.jsa");
    const { mode, uid } = statSync(fileOf());
    expect([(mode & 0o777).toString(8), uid]).toEqual(["444", process.getuid?.()]);
  });

  test.each([
    ["cut short", (file: string) => truncateSync(file, 5000)],
    ["of which one byte is another", (file: string) => writeFileSync(file, flipped(readFileSync(file)))],
    ["that is gone", (file: string) => rmSync(file)],
  ])("without one that is whole a worker still runs: one %s", async (_name, damage) => {
    const file = fileOf();
    const whole = readFileSync(file);
    damage(file);
    try {
      expect(await mapped()).not.toContain("start.jsa");
    } finally {
      rmSync(file, { force: true });
      writeFileSync(file, whole);
    }
  });

  test("it is made again when it is damaged, and removed with what it was made for", async () => {
    truncateSync(fileOf(), 10);
    await builder.build(imageSpec("java", ""), ignore);
    expect(await mapped()).toContain("start.jsa");
    const lost = join(archives, "0".repeat(64));
    await mkdir(lost);
    writeFileSync(join(lost, "archive.json"), JSON.stringify({ key: "", content: "" }));
    await builder.collect(() => false);
    expect(existsSync(lost)).toBe(false);
    expect(existsSync(fileOf())).toBe(true);
  });

  test("an image of before gets its own, with the classes of its dependencies", async () => {
    const { path, image: pretended } = pretendedImage(harness, "dep");
    await mkdir(join(path, "lib"), { recursive: true });
    makeLibrary(harness.folder, join(path, "lib/dep.jar"));
    const older = { ...image, ...pretended };
    expect(await builder.holds(older)).toBe(true);
    const file = fileOf(pretended.digest);
    await expect.poll(() => existsSync(file), { timeout: 60_000 }).toBe(true);
    expect(readFileSync(file).includes("tools/Dependency")).toBe(true);
    expect(readFileSync(fileOf()).includes("tools/Dependency")).toBe(false);
    expect(await mapped(older)).toContain("start.jsa");
    rmSync(path, { recursive: true });
    await builder.collect(() => false);
    expect(existsSync(file)).toBe(false);
  });

  test("an image is READY without one: a start is only slower", async () => {
    const told: string[] = [];
    const log = { ...silent, warn: (_values: object, text: string) => told.push(text) };
    const other = createLocalBuilder({ folder: join(harness.folder, "images"), sandbox: harness.sandbox, log });
    renameSync(archives, `${archives}-before`);
    writeFileSync(archives, "no folder");
    try {
      expect(await other.build(imageSpec("java", ""), ignore)).toMatchObject({ lock: "" });
    } finally {
      rmSync(archives);
      renameSync(`${archives}-before`, archives);
    }
    expect(told).toEqual(["no archive of classes could be made, so workers start more slowly"]);
  });
});

const makeLibrary = (folder: string, target: string): void => {
  const bin = dirname(search.found ? search.interpreter.command : "");
  writeFileSync(join(folder, "Dependency.java"), "package tools; public class Dependency {}");
  execFileSync(join(bin, "javac"), ["-d", join(folder, "classes"), join(folder, "Dependency.java")]);
  execFileSync(join(bin, "jar"), ["--create", "--file", target, "-C", join(folder, "classes"), "."]);
};

const flipped = (bytes: Buffer): Buffer => {
  const changed = Buffer.from(bytes);
  const at = Math.floor(bytes.length / 2);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
};
