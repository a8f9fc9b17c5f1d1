# A Debian host that is not a Proxmox host: everything is installed, nothing is started, and purge leaves nothing.

find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/cache \
  -o -path /var/log/journal -o -path /var/log/apt -o -path /var/log/dpkg.log -o -path /e2e -o -path /packages \) -prune -o -print | sort >"$scratch/files-before"
users_before=$(getent passwd | sort | md5sum)$(getent group | sort | md5sum)

install_start=${EPOCHREALTIME/./}
apt install "$packages/current.deb" >"$scratch/install" 2>&1
install_code=$?
install_ms=$(((${EPOCHREALTIME/./} - install_start) / 1000))
says() { grep -qE "$1" "$scratch/install" || { cat "$scratch/install"; return 1; }; }

check 'it installs without the network and without Node.js' equals $install_code 0
check "it takes at most 10 s (took $install_ms ms)" at_most $install_ms 10000
check 'it says that there is no pct and that nothing was started' says 'no pct here.*nothing was started'
check 'no unit is enabled' not systemctl is-enabled --quiet lxc_monitor lxc_autoscale_ml lxc_autoscale_api
check 'no unit runs' is_inactive "${UNITS[@]}" lxc_autoscale_pct.socket
for command in lxc-autoscale-monitor lxc-autoscale-ml lxc-autoscale-api lxc-autoscale; do
  check "$command runs" "$command" --version
done
bill_names_node() {
  dpkg-deb --fsys-tarfile "$packages/current.deb" | tar -xO ./usr/share/doc/lxc-autoscale-ml/sbom.cdx.json.gz | gunzip >"$scratch/sbom.json" || return 1
  /usr/lib/lxc-autoscale-ml/node -e '
    const { bomFormat, components } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))
    const { version } = components.find(({ type }) => type === "platform")
    process.exit(bomFormat === "CycloneDX" && components.length > 20 && `v${version}` === process.version ? 0 : 1)' "$scratch/sbom.json"
}
check 'the list of what is in the package names the Node.js that runs' bill_names_node
is_supported() { [[ $(/usr/lib/lxc-autoscale-ml/node --print 'process.release.lts') != undefined ]]; }
check 'that is one with long-term support' is_supported
# The keys for growing intervals between restarts came with systemd 254; older ones say that they pass over them.
verify() {
  systemd-analyze verify --man=no /usr/lib/systemd/system/lxc_monitor.service /usr/lib/systemd/system/lxc_autoscale_* 2>&1 |
    if [ "$(systemctl --version | sed -n '1s/systemd \([0-9]*\).*/\1/p')" -ge 254 ]; then cat; else grep -v "'Restart\(Steps\|MaxDelaySec\)'"; fi
}
check 'systemd finds nothing wrong with the units' equals "$(verify)" ''
check 'logrotate accepts the snippet' logrotate --debug /etc/logrotate.d/lxc-autoscale-ml

apt purge lxc-autoscale-ml >"$scratch/purge" 2>&1
find / -xdev \( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/cache \
  -o -path /var/log/journal -o -path /var/log/apt -o -path /var/log/dpkg.log -o -path /e2e -o -path /packages \) -prune -o -print | sort >"$scratch/files-after"
check 'purge leaves no file' diff "$scratch/files-before" "$scratch/files-after"
check 'purge leaves no user and no group' equals "$(getent passwd | sort | md5sum)$(getent group | sort | md5sum)" "$users_before"
