import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts", "apps/**/*.test.ts", "bench/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Sandboxes, installers and servers share two cores in CI: more files at once only make each slower.
    maxWorkers: 2,
    reporters: ["default", ["./scripts/summary-reporter.ts", {}]],
  },
});
