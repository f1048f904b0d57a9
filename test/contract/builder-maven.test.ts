/** Maven's dependencies, with the real Maven and its repository. */
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLocalBuilder } from "../../src/adapters/builder/local.ts";
import { findInterpreter } from "../../src/adapters/languages/languages.ts";
import { findOnPath } from "../../src/adapters/runtime/process/interpreters.ts";
import { encodeBundle } from "../../src/core/functions/bundle.ts";
import type { Builder } from "../../src/core/shared/ports.ts";
import { ignore, imageSpec } from "./builder.ts";
import { createHarness, findObstacle, type Harness, run, silent, startFunction, suiteName } from "./runtime-harness.ts";

const pom = (dependency: string): string =>
  `<project><modelVersion>4.0.0</modelVersion><groupId>a</groupId><artifactId>a</artifactId><version>1</version><dependencies><dependency>${dependency}</dependency></dependencies></project>`;
const JODA = pom("<groupId>joda-time</groupId><artifactId>joda-time</artifactId><version>2.12.5</version>");

const findMissing = async (): Promise<string | undefined> => {
  const search = await findInterpreter("java");
  if (!search.found) return search.reason;
  return (await findOnPath("mvn")) === undefined ? "Maven is not on this machine" : undefined;
};

/** Asks for a tiny package with an ordinary client: where it cannot, Maven cannot either. */
const findOffline = (): Promise<string | undefined> =>
  promisify(execFile)("python3", ["-m", "pip", "download", "--no-deps", "--retries=0", "-d", "/tmp", "six"]).then(
    () => undefined,
    () => "packages cannot be fetched here",
  );

const missing = (await findObstacle()) ?? (await findMissing());
const offline = missing ?? (await findOffline());

describe.skipIf(missing !== undefined)(suiteName("Maven", missing), () => {
  let harness: Harness;
  let builder: Builder;
  beforeAll(async () => {
    harness = await createHarness();
    builder = createLocalBuilder({ folder: join(harness.folder, "images"), sandbox: harness.sandbox, log: silent });
  });
  afterAll(() => harness.close());

  test.each([
    ["<nonsense/>", "this has no <project>"],
    [pom("<systemPath>/etc/passwd</systemPath>"), "names files"],
  ])("%s is refused with its reason", async (manifest, reason) => {
    await expect(builder.build(imageSpec("java", manifest), ignore)).rejects.toThrow(reason);
  });

  test("a pom without dependencies needs nothing", async () => {
    expect(await builder.build(imageSpec("java", "<project></project>"), ignore)).toMatchObject({ lock: "" });
  });

  test.skipIf(offline !== undefined)(
    suiteName("a library is installed, compiled against and used", offline),
    async () => {
      const image = await builder.build(imageSpec("java", JODA), ignore);
      expect(readdirSync(join(harness.folder, "images", image.folder ?? "", "lib"))).toEqual(["joda-time-2.12.5.jar"]);
      const source =
        "import java.util.function.BiFunction;\npublic class Hello implements BiFunction<Object, Integer, Integer> { public Integer apply(Object context, Integer year) { return new org.joda.time.LocalDate(year, 1, 1).getDayOfWeek(); } }\n";
      const files = [{ path: "Hello.java", mode: 0o644, bytes: Buffer.from(source) }];
      const compiled = await builder.compile({ organization: "acme", language: "java", image, files });
      const bundle = encodeBundle(compiled ?? files);
      const worker = await startFunction(harness.runtime, "java", "", { handler: "Hello", image, bundle });
      expect((await run(worker, 2024)).output).toBe("1");
    },
    240_000,
  );
});
