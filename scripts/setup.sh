#!/bin/sh
# Brings what Dispatch needs on a fresh machine: system packages for the sandbox, Node 26, the npm packages, the build.
# With --tests also the servers and shells that tests are tried against. Says what it installs; does nothing twice.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "setup: $*"; }

# Pairs of a program and the Debian package that brings it.
programs="bwrap:bubblewrap slirp4netns:slirp4netns nft:nftables ip:iproute2 nsenter:util-linux python3:python3"
test_programs="javac:openjdk-17-jdk-headless mvn:maven xz:xz-utils pebble:pebble zsh:zsh fish:fish patch:patch openssl:openssl dockerd:docker.io mkfs.btrfs:btrfs-progs faketime:faketime nats-server:nats-server"
# Their programs lie outside of PATH.
test_folders="/usr/lib/postgresql:postgresql"
tests=no
[ "${1:-}" != --tests ] || tests=yes

missing_packages() {
  wanted=$programs
  [ "$tests" = no ] || wanted="$programs $test_programs"
  for pair in $wanted; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null 2>&1 || printf '%s ' "${pair##*:}"
  done
  [ "$tests" = no ] || for pair in $test_folders; do
    [ -d "${pair%%:*}" ] || printf '%s ' "${pair##*:}"
  done
  python3 -m pip --version >/dev/null 2>&1 || printf '%s ' python3-pip
  [ "$tests" = no ] || python3 -c 'import ensurepip, venv' 2>/dev/null || printf '%s ' python3-venv
}

install_packages() {
  packages=$(missing_packages)
  [ -n "$packages" ] || return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "installing system packages: $packages"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $packages >/dev/null
  else
    say "functions need these system packages: sudo apt-get install $packages"
  fi
}

# The lock names exact versions, so an older Node installs the same; it would only warn about each.
install_modules() {
  stamp=node_modules/.dispatch-setup
  if [ -e "$stamp" ] && [ ! package-lock.json -nt "$stamp" ] && [ ! package.json -nt "$stamp" ]; then return 0; fi
  say "installing npm packages, Node 26 among them, into node_modules"
  npm install --no-audit --no-fund --loglevel=error --ignore-scripts >/dev/null
  touch "$stamp"
}

build() {
  stamp=dist/.built
  newer=$(find src scripts/build.ts apps/*/functions apps/*/build.ts package.json -newer "$stamp" -type f 2>/dev/null | head -n 1 || true)
  if [ -e "$stamp" ] && [ -z "$newer" ]; then return 0; fi
  say "building"
  node scripts/build.ts
  touch "$stamp"
}

install_packages
install_modules
PATH="$PWD/node_modules/.bin:$PATH"
export PATH
build
