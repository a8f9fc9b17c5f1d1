#!/usr/bin/env bash
# Prints the folder with prometheus and promtool: those of the host, or of Debian's package, which is unpacked into a cache.
# Nothing is installed, and no service started. Exit code 1 where they cannot be had.
# usage: scripts/lib/fetch-prometheus.sh
set -euo pipefail

if path=$(command -v promtool) && command -v prometheus >/dev/null; then
  dirname "$path"
  exit
fi
cache=${LXC_AUTOSCALE_E2E_CACHE:-/var/cache/lxc-autoscale-ml-e2e}/prometheus
if [ ! -x "$cache/usr/bin/promtool" ]; then
  [ "$(id -u)" -eq 0 ] && command -v apt-get dpkg >/dev/null || exit 1
  exec 9>/run/lock/lxc-autoscale-apt.lock
  flock --timeout 600 9
  mkdir -p "$(dirname "$cache")"
  folder=$(mktemp -d "$cache.XXXXXX")
  trap 'rm -rf "$folder"' EXIT
  cd "$folder"
  # The lists may be older than what the mirror has.
  for _ in 1 2; do
    apt-get -qq -o APT::Sandbox::User=root download prometheus >&2 && break
    apt-get -qq -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 update >&2
  done
  dpkg --extract prometheus_*.deb root
  rm -rf "$cache"
  mv root "$cache"
fi
echo "$cache/usr/bin"
