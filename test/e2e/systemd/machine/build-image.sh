#!/usr/bin/env bash
# build-image.sh ROOT FOLDER: makes of the root file system ROOT a disk image that boots (disk.img, vmlinuz) in FOLDER.
# The cloud kernel of Debian has ext4, NVMe and FUSE built in, so it boots without an initial RAM disk.
set -euo pipefail
root=$1 image=$2
[ -e "$image/.complete" ] && exit 0
rm -rf "$image"
mkdir -p "$image/root"
cp -a "$root/." "$image/root/"

# The kernel is unpacked, not installed: it needs no boot loader.
cp /etc/resolv.conf "$image/root/etc/resolv.conf"
chroot "$image/root" sh -ec 'apt-get update -qq; cd /tmp
  apt-get download -qq "$(apt-cache depends linux-image-cloud-amd64 | sed -n "s/.*Depends: \(linux-image-.*\)/\1/p")"'
dpkg-deb --extract "$image"/root/tmp/linux-image-*.deb "$image/kernel"
cp "$image"/kernel/boot/vmlinuz-* "$image/vmlinuz"
rm -rf "$image"/root/tmp/*.deb "$image"/root/var/lib/apt/lists/* "$image"/root/var/cache/apt/*.bin "$image/kernel"

# What the guest runs: takes the input disk apart, starts the checks, leaves their output on the serial line, and goes off.
cat >"$image/root/e2e/start" <<'GUEST'
#!/bin/bash
for controller in /sys/class/nvme/nvme*; do
  [ "$(tr -d ' ' <"$controller/serial")" != input ] || input=/dev/$(basename "$controller")n1
done
tar --directory=/ --extract --file="$input"
systemd-run --quiet --unit=e2e-lxcfs lxcfs -f -l /var/lib/lxcfs
for _ in {1..200}; do [ -e /var/lib/lxcfs/proc/stat ] && break; sleep 0.1; done
echo "# the guest is up after $(cut -d' ' -f1 /proc/uptime) s, kernel $(uname -r)"
/bin/bash -c "$(</e2e-command)" </dev/null 2>&1
echo "# exit code $?"
GUEST
cat >"$image/root/etc/systemd/system/e2e.service" <<'UNIT'
[Unit]
After=basic.target dbus.service
[Service]
Type=oneshot
Delegate=yes
KillMode=process
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
ExecStart=/bin/bash /e2e/start
# An orderly end would wait for the monitors of LXC.
ExecStopPost=/bin/bash -c 'sync; echo o >/proc/sysrq-trigger'
UNIT
mkdir -p "$image/root/etc/systemd/system/multi-user.target.wants"
ln -s ../e2e.service "$image/root/etc/systemd/system/multi-user.target.wants/e2e.service"
# Each of these costs seconds in an emulated machine, and nothing here needs them.
for unit in getty.target serial-getty@.service systemd-logind.service systemd-modules-load.service modprobe@.service \
  systemd-user-sessions.service systemd-update-utmp.service systemd-pstore.service systemd-random-seed.service \
  systemd-journal-flush.service dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
  sys-kernel-config.mount systemd-tmpfiles-setup-dev-early.service systemd-tmpfiles-setup-dev.service; do
  ln -sf /dev/null "$image/root/etc/systemd/system/$unit"
done

# A partition table by hand, because the kernel finds its root only by the number of a partition: one partition from 1 MiB on, disk
# number e2e00001.
size_mib=1500
truncate -s "${size_mib}M" "$image/disk.img"
python3 - "$image/disk.img" $size_mib <<'TABLE'
import struct, sys
with open(sys.argv[1], 'r+b') as disk:
    disk.seek(440)
    sectors = int(sys.argv[2]) * 2048
    disk.write(struct.pack('<IH', 0xE2E00001, 0) + struct.pack('<B3sB3sII', 0, b'\0\2\0', 0x83, b'\xff' * 3, 2048, sectors - 2048))
    disk.seek(510)
    disk.write(b'\x55\xaa')
TABLE
mke2fs -q -F -t ext4 -O '^has_journal' -m 0 -E offset=1048576 -d "$image/root" "$image/disk.img" "$((size_mib - 2))M"
rm -rf "$image/root"
touch "$image/.complete"
