# A plain first install on a Proxmox host.

# The machine is emulated, twenty times slower than a host: what is a hung daemon there is a slow one here.
for unit in "${UNITS[@]}"; do
  mkdir -p /run/systemd/system/$unit.service.d
  printf '[Service]\nTimeoutStartSec=600\nTimeoutStopSec=120\nWatchdogSec=600\n' >/run/systemd/system/$unit.service.d/emulated.conf
done
apt install "$packages/quick.deb" >"$scratch/install" 2>&1
says() { grep -qE "$1" "$scratch/install" || { cat "$scratch/install"; return 1; }; }
check 'it says what runs' says 'running: lxc_monitor lxc_autoscale_ml lxc_autoscale_api'
check 'the three units are active' is_active "${UNITS[@]}"
share=/usr/share/lxc-autoscale-ml
check 'rules and dashboards come with it' test -s $share/prometheus/lxc-autoscale.rules.yml -a -s $share/grafana/fleet.json
# For the same reason: what a host answers in a millisecond.
sed -i 's/filesystem_timeout_seconds: .*/filesystem_timeout_seconds: 10/' $ETC/lxc_monitor.yaml
systemctl restart lxc_monitor
