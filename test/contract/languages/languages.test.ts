/** All languages against the one suite, in real sandboxes; what the machine lacks is said in the name of what is skipped. */
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { createLocalBuilder } from "../../../src/adapters/builder/local.ts";
import { findInterpreter } from "../../../src/adapters/languages/languages.ts";
import { encodeBundle } from "../../../src/core/functions/bundle.ts";
import type { Language } from "../../../src/core/shared/ports.ts";
import { providePowerShell } from "../../support/powershell.ts";
import {
  createHarness,
  findObstacle,
  type Harness,
  NO_IMAGE,
  silent,
  startFunction,
  suiteName,
} from "../runtime-harness.ts";
import { java } from "./java.ts";
import { nodejs } from "./nodejs.ts";
import { powershell } from "./powershell.ts";
import { python3 } from "./python3.ts";
import { type Deploy, languageSuite } from "./suite.ts";

const noPowerShell = providePowerShell();
const noSandbox = await findObstacle();

/** What a worker gets for these files, by the same step that a deployment takes. */
const artefactOf = async (
  { sandbox, folder }: Harness,
  language: Language,
  files: Readonly<Record<string, string>>,
): Promise<Uint8Array> => {
  const source = Object.entries(files).map(([path, text]) => ({ path, mode: 0o644, bytes: Buffer.from(text) }));
  const builder = createLocalBuilder({ folder: join(folder, "images"), sandbox, log: silent });
  const compiled = await builder.compile({ organization: "test", language, image: NO_IMAGE, files: source });
  return encodeBundle(compiled ?? source);
};

for (const subject of [nodejs, python3, java, powershell]) {
  const { language, handler } = subject;
  const search = await findInterpreter(language);
  const missing = search.found ? undefined : ((language === "powershell" ? noPowerShell : undefined) ?? search.reason);
  const obstacle = noSandbox ?? missing;
  describe.skipIf(obstacle !== undefined)(suiteName(language, obstacle), () => {
    let harness: Harness;
    beforeAll(async () => {
      harness = await createHarness({ maxLogBytes: 64 * 1024, maxOutputBytes: 2 * 1024 * 1024 });
    });
    afterAll(() => harness.close());
    const deploy: Deploy = async (files, afterwards) =>
      startFunction(harness.runtime, language, "", {
        handler,
        bundle: await artefactOf(harness, language, files),
        environment: { GREETING: "hello" },
        ...(afterwards === undefined ? {} : { afterwards }),
      });
    languageSuite(subject, () => harness, deploy);
  });
}
