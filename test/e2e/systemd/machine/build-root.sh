#!/usr/bin/env bash
# build-root.sh SUITE FOLDER: makes a root file system that looks like a Proxmox host from inside: Debian SUITE with systemd and LXC,
# and no Node.js. Takes about 20 s; does nothing when FOLDER is complete.
set -euo pipefail
suite=$1 root=$2
[ -e "$root/.complete" ] && exit 0

mirror=$(apt-get indextargets --format '$(SITE)' | grep -E '/debian/?$' | sort -u | head -n1)
packages=systemd,systemd-sysv,dbus,iproute2,procps,lxc,lxcfs,busybox-static,logrotate
[ "$suite" = bullseye ] || packages+=,libpam-systemd

rm -rf --one-file-system "$root"
mkdir -p "$(dirname "$root")"
mmdebstrap --quiet --variant=minbase --include="$packages" \
  --aptopt='Acquire::Languages "none"' --dpkgopt=force-unsafe-io \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  "$suite" "$root" "${mirror:-http://deb.debian.org/debian}"

# No network, no module loader and no time to wait for them. lxcfs refuses to start in a container by itself; box.sh starts it.
for unit in lxc.service lxc-net.service lxc-monitord.service lxcfs.service apt-daily.timer apt-daily-upgrade.timer \
  dpkg-db-backup.timer logrotate.timer e2scrub_all.timer fstrim.timer systemd-timesyncd.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
echo pve-e2e >"$root/etc/hostname"
echo '127.0.0.1 localhost pve-e2e' >"$root/etc/hosts"
echo 'root:100000:65536' | tee "$root/etc/subuid" >"$root/etc/subgid"
mkdir -p "$root/e2e" "$root/var/lib/lxcfs"
touch "$root/.complete"
