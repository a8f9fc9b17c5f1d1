#!/usr/bin/env bash
# Installs those of the named Debian packages that are missing; says nothing unless it fails.
# usage: scripts/lib/install-debian-packages.sh PACKAGE...
set -euo pipefail

missing=()
for package in "$@"; do
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] ||
    missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

[ "$(id -u)" -eq 0 ] || { echo "missing: ${missing[*]}; run this as root, or install them" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
output=$(mktemp)
trap 'rm -f "$output"' EXIT

# Several test runs may want to install at the same time: each waits for the others.
apt_get() {
  apt-get -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 -qq -y "$@" >"$output" 2>&1 || { cat "$output" >&2; exit 1; }
}
exec 9>/run/lock/lxc-autoscale-apt.lock
flock --timeout 600 9
apt_get update
apt_get install --no-install-recommends "${missing[@]}"
