import { mkdirSync, writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

/** Leaves the counts of a run where scripts/test.sh finds them, and names what was skipped and what passed at its second try. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      if (!module.ok() && [...module.children.allTests()].length === 0) counts.failed++;
      for (const test of module.children.allTests()) {
        const { state, errors = [] } = test.result();
        if (test.diagnostic()?.flaky === true)
          process.stdout.write(
            `passed at the second try: ${test.fullName}: ${errors[0]?.message ?? "no error is known"}\n`,
          );
        if (state === "passed" || state === "failed") counts[state]++;
        else {
          counts.skipped++;
          process.stdout.write(`skipped: ${test.fullName}\n`);
        }
      }
    }
    mkdirSync(".cache", { recursive: true });
    writeFileSync(".cache/test-counts.json", JSON.stringify(counts));
  }
}
