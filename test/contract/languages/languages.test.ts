/** All languages against the one suite, in real sandboxes; what the machine lacks is said in the name of what is skipped. */
import { afterAll, beforeAll, describe } from "vitest";
import { findInterpreter } from "../../../src/adapters/languages/languages.ts";
import type { Language } from "../../../src/core/shared/ports.ts";
import { providePowerShell } from "../../support/powershell.ts";
import { artefactOf, createHarness, findObstacle, type Harness, startFunction, suiteName } from "../runtime-harness.ts";
import { java } from "./java.ts";
import { nodejs } from "./nodejs.ts";
import { powershell } from "./powershell.ts";
import { python3 } from "./python3.ts";
import type { Subject } from "./subject.ts";
import { type Deploy, languageSuite } from "./suite.ts";

const noPowerShell = providePowerShell();
const noSandbox = await findObstacle();

const subjects: Readonly<Record<Language, Subject>> = { nodejs, python3, java, powershell };

for (const subject of Object.values(subjects)) {
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
        ...(await artefactOf(harness, language, files)),
        environment: { GREETING: "hello" },
        ...(afterwards === undefined ? {} : { afterwards }),
      });
    languageSuite(subject, () => harness, deploy);
  });
}
