#!/bin/sh
# Everything that decides: the checks, then all tests. The last line is `N passed, N failed`.
set -u
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"
export PATH
rm -f .cache/test-counts.json

status=0
checks_failed=0
sh scripts/check.sh || { status=1; checks_failed=1; }
vitest run "$@" || status=1
[ "$checks_failed" = 0 ] || echo "failed: scripts/check.sh (its message is above the tests)"
CHECKS_FAILED=$checks_failed node -e '
  const { existsSync, readFileSync } = require("node:fs");
  const path = ".cache/test-counts.json";
  const none = { passed: 0, failed: 1, skipped: 0 };
  const counts = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : none;
  const failed = counts.failed + Number(process.env.CHECKS_FAILED);
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  console.log(`${counts.passed} passed, ${failed} failed${skipped}`);
'
exit "$status"
