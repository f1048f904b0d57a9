#!/bin/sh
# What can be said without running anything: types, lint and format, layers, unused code.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"
export PATH

step() {
  name=$1
  shift
  log=.cache/check-$name.log
  mkdir -p .cache
  if "$@" >"$log" 2>&1; then
    printf 'check: %-8s ok\n' "$name"
  else
    cat "$log"
    printf 'check: %-8s FAILED\n' "$name"
    failed=1
  fi
}

failed=0
step types tsc -p .
step lint biome check --error-on-warnings .
step layers depcruise --config .dependency-cruiser.cjs src apps packages bench scripts
step folders depcruise --config .dependency-cruiser.folders.cjs src/core src/adapters
step unused knip --no-progress
exit "$failed"
