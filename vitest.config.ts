import { defineConfig } from "vitest/config";
import { postgresPrograms } from "./test/support/postgres.ts";

/** What is tried on PostgreSQL as well: what writes, crashes and recovers. All of test/e2e by `npm run test:postgres`. */
const onPostgres =
  process.env.DISPATCH_TEST_DB === "postgres"
    ? ["test/e2e/**/*.test.ts", "test/faults/kills.test.ts"]
    : [
        ...["functions", "idempotency", "runs", "secrets", "rest"].map((name) => `test/e2e/server/${name}.test.ts`),
        "test/faults/kills.test.ts",
      ];

/** About the embedded database's file (backup, unrecorded); a PostgreSQL of its own (database-away); the demo's own server. */
const notOnPostgres = ["backup/backup", "server/unrecorded", "server/database-away", "seed/demo"].map(
  (name) => `test/e2e/${name}.test.ts`,
);

/** They end what hangs. What takes 5 s on a quiet machine took 60 beside much else. */
const deadlines = { testTimeout: 180_000, hookTimeout: 180_000 };

export default defineConfig({
  test: {
    // Sandboxes, installers and servers share two cores in CI: more files at once only make each slower.
    maxWorkers: 2,
    // Real servers on a busy machine: a test may fail once for lack of time. The summary names each that did, with its error.
    reporters: ["default", ["./scripts/summary-reporter.ts", {}]],
    projects: [
      {
        test: {
          name: "main",
          include: ["src/**/*.test.ts", "test/**/*.test.ts", "apps/**/*.test.ts", "bench/**/*.test.ts"],
          ...deadlines,
          retry: 1,
        },
      },
      {
        test: {
          name: "postgres",
          include: postgresPrograms() === undefined ? ["test/support/no-postgres.test.ts"] : onPostgres,
          exclude: notOnPostgres,
          globalSetup: "./test/support/postgres-setup.ts",
          ...deadlines,
          retry: 1,
        },
      },
    ],
  },
});
