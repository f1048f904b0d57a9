#!/bin/sh
# Runs a program of the project with the Node that set-up brought: sh scripts/node26.sh bench/main.ts
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
exec "$root/node_modules/.bin/node" "$@"
