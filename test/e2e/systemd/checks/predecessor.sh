# The Python version is installed and runs; ours takes its place, its settings and its history.

mkdir -p $ETC /usr/local/bin/lxc_autoscale_ml /usr/local/bin/lxc_autoscale_api
echo 'print("monitor")' >/usr/local/bin/lxc_monitor.py
echo 'print("model")' >/usr/local/bin/lxc_autoscale_ml/lxc_autoscale_ml.py
echo 'print("api")' >/usr/local/bin/lxc_autoscale_api/lxc_autoscale_api.py
printf 'monitoring:\n  check_interval: 7\n  max_metrics_entries: 500\nlogging:\n  log_level: INFO\n' >$ETC/lxc_monitor.yaml
printf 'scaling:\n  min_cpu_cores: 1\n  max_cpu_cores: 6\ninterval_seconds: 45\nignore_lxc: ["105"]\n' >$ETC/lxc_autoscale_ml.yaml
printf 'server:\n  host: 127.0.0.1\n  port: 5000\ngunicorn:\n  workers: 1\nlxc:\n  timeout_seconds: 20\n' >$ETC/lxc_autoscale_api.yaml
for unit in "${UNITS[@]}"; do
  # As the predecessor's units, but for a program that is there.
  printf '[Service]\nExecStart=/bin/sleep infinity ; # /usr/bin/python3 /usr/local/bin/%s.py\n[Install]\nWantedBy=multi-user.target\n' "$unit" >"/etc/systemd/system/$unit.service"
done
sed -i 's/ ; #.*//; s|^ExecStart=.*|ExecStart=/bin/sh -c "exec sleep infinity # python3"|' /etc/systemd/system/lxc_{monitor,autoscale_ml,autoscale_api}.service
systemctl daemon-reload
systemctl enable --now --quiet "${UNITS[@]}"
old_timestamp='2024-09-01T12:00:00.000000'
printf '[\n{"101":{"timestamp":"%s","cpu_usage_percent":12.5,"memory_usage_mb":100.0},"summary":{"total_containers":1}}\n]\n' "$old_timestamp" >$METRICS

apt install "$packages/older.deb" >"$scratch/install" 2>&1
says() { grep -qE "$1" "$scratch/install" || { cat "$scratch/install"; return 1; }; }
backup=$(echo /var/backups/lxc_autoscale_ml/predecessor-*)
setting_is() { lxc-autoscale config show --json | tr -d ' \n' | grep -q "$1" || { lxc-autoscale config show; return 1; }; }

check 'it says that it found the Python version, and where its files went' says "Python version.*$backup"
check 'the old programs and units are in the backup only' bash -c "
  [ -e $backup/usr/local/bin/lxc_monitor.py ] && [ -e $backup/etc/systemd/system/lxc_monitor.service ] && [ -e $backup$ETC/lxc_monitor.yaml ] &&
  [ ! -e /usr/local/bin/lxc_monitor.py ] && [ ! -e /etc/systemd/system/lxc_monitor.service ] && [ ! -e /usr/local/bin/lxc_autoscale_ml ]"
check 'the units are ours now and run' within 10 is_active "${UNITS[@]}"
check 'the process is ours' bash -c "readlink /proc/$(pid_of lxc_monitor)/exe | grep -qx /usr/lib/lxc-autoscale-ml/node"
check 'its settings are in force: monitor' setting_is '"check_interval":7'
check 'its settings are in force: model' setting_is '"max_cpu_cores":6'
check 'its settings are in force: API' setting_is '"timeout_seconds":20'
check 'a report says what became of each key' grep -q gunicorn "$backup/lxc_autoscale_api.yaml.report"
check 'its metrics go on' within 20 bash -c "grep -q '$old_timestamp' $METRICS && [ \$(grep -c summary $METRICS) -gt 1 ]"

apt purge lxc-autoscale-ml >"$scratch/purge" 2>&1
check 'purge keeps the backup of the Python version and says so' grep -q "kept.*$(dirname "$backup")" "$scratch/purge"
rm -rf /var/backups/lxc_autoscale_ml
