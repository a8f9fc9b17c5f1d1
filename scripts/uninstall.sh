#!/usr/bin/env bash
# Removes the package. Containers keep the cores and the memory that they have.
# usage: scripts/uninstall.sh [--purge]   --purge: configuration, key, history and logs too
set -euo pipefail
case "$*" in
'') action=remove ;;
--purge) action=purge ;;
*) echo 'usage: scripts/uninstall.sh [--purge]' >&2; exit 2 ;;
esac
[ "$(id -u)" -eq 0 ] || { echo 'uninstall.sh: run it as root' >&2; exit 1; }
exec apt-get "$action" --yes lxc-autoscale-ml
