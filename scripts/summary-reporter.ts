import { mkdirSync, writeFileSync } from "node:fs";
import type { Reporter, TestCase, TestModule } from "vitest/node";

/**
 * Leaves the counts of a run where scripts/test.sh finds them, and says at the end what was skipped and why, what passed
 * at its second try, and, as the last lines, what failed.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const passed = tests.filter((test) => test.result().state === "passed");
    const failed = tests.filter((test) => test.result().state === "failed");
    const skipped = tests.filter((test) => !passed.includes(test) && !failed.includes(test));
    const broken = modules.filter((module) => !module.ok() && !failed.some((test) => test.module === module));

    const lines = [
      ...skips(skipped),
      ...tests.filter((test) => test.diagnostic()?.flaky).map((test) => `passed at the second try: ${told(test)}`),
      ...broken.map((module) => `failed: ${module.relativeModuleId}: ${firstError(errorsOf(module))}`),
      ...failed.map((test) => `failed: ${test.module.relativeModuleId}: ${told(test)}`),
    ];
    process.stdout.write(lines.map((line) => `${line}\n`).join(""));

    const counts = { passed: passed.length, failed: failed.length + broken.length, skipped: skipped.length };
    mkdirSync(".cache", { recursive: true });
    writeFileSync(".cache/test-counts.json", JSON.stringify(counts));
  }
}

/** One line a reason: the tests that give one in their name `(SKIPPED: reason)` would hide what failed otherwise. */
function skips(tests: readonly TestCase[]): string[] {
  const reasons = Map.groupBy(tests, (test) => /\(SKIPPED: (.*)\)$/.exec(test.name)?.[1] ?? test.fullName);
  return [...reasons].map(
    ([reason, those]) => `skipped: ${those.length > 1 ? `${those.length} tests: ` : ""}${reason}`,
  );
}

/** Of one that could not be loaded, or whose preparations failed. */
const errorsOf = (module: TestModule): readonly { message: string }[] => [
  ...module.errors(),
  ...[...module.children.allSuites()].flatMap((suite) => suite.errors()),
];

const told = (test: TestCase): string => `${test.fullName}: ${firstError(test.result().errors ?? [])}`;

/** At most one line of 300 characters. */
function firstError(errors: readonly { message: string }[]): string {
  return (errors[0]?.message ?? "no error is known").split("\n", 1)[0]?.slice(0, 300) ?? "";
}
