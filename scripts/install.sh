#!/usr/bin/env bash
# Builds the package from this checkout and installs it on this host. Needs Node.js 20.19, npm, and root.
# usage: scripts/install.sh [PACKAGE.deb]   PACKAGE.deb: installs that one, builds nothing
set -euo pipefail
package=${1-}
[ $# -le 1 ] || { echo 'usage: scripts/install.sh [PACKAGE.deb]' >&2; exit 2; }
[ "$(id -u)" -eq 0 ] || { echo 'install.sh: run it as root' >&2; exit 1; }
[ -z "$package" ] || package=$(realpath -- "$package")
cd "$(dirname "$0")/.."

if [ -z "$package" ]; then
  . scripts/lib/common.sh
  scripts/lib/install-debian-packages.sh binutils xz-utils
  install_npm_packages
  architecture=$(dpkg --print-architecture)
  npm run --silent package -- --architecture "$architecture"
  package=$PWD/dist/lxc-autoscale-ml_$(node --print 'require("./package.json").version')_$architecture.deb
fi
# The same package once more is no upgrade for apt; then it is put in anew.
apt-get install --yes --no-install-recommends --reinstall --allow-downgrades "$package"
