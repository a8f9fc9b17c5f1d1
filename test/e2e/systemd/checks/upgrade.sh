# An older version of ours is installed, used and upgraded.

apt install "$packages/older.deb" >"$scratch/install" 2>&1
says() { grep -qE "$1" "$scratch/install" || { cat "$scratch/install"; return 1; }; }
check 'it says what runs, where the dashboard is and where the key is' bash -c "
  grep -q 'running: lxc_monitor lxc_autoscale_ml lxc_autoscale_api' $scratch/install &&
  grep -q 'http://127.0.0.1:5000/' $scratch/install && grep -q 'API key: in $ETC/api.key' $scratch/install"
check 'the three units are active' is_active "${UNITS[@]}"
check 'the three units are enabled' systemctl is-enabled --quiet "${UNITS[@]}"

key=$(<$ETC/api.key)
check 'the key has 64 hexadecimal digits' grep -qxE '[0-9a-f]{64}' $ETC/api.key
check 'the key is readable for root and the group lxc-autoscale only' equals "$(mode_of $ETC/api.key)" '640 root:lxc-autoscale'
check 'the key is not in the package' bash -c "! dpkg-deb --fsys-tarfile $packages/older.deb | tar -t | grep -q api.key"
check 'files that may hold keys are not readable for everybody' bash -c "
  [ '$(mode_of $ETC/lxc_autoscale_ml.yaml)' = '640 root:lxc-autoscale' ] && [ '$(mode_of $ETC/lxc_autoscale_api.yaml)' = '640 root:lxc-autoscale-api' ]"
check 'the metrics file is readable for the model' within 15 bash -c "stat -L --format='%a %U:%G' $METRICS | grep -qx '640 lxc-autoscale-monitor:lxc-autoscale'"

sed -i 's/check_interval: .*/check_interval: 2/' $ETC/lxc_monitor.yaml
echo '# edited by the administrator' >>$ETC/lxc_monitor.yaml
systemctl stop lxc_autoscale_ml
systemctl disable --quiet lxc_autoscale_ml
history_before=$(grep -c summary $METRICS)
api POST /scale/cores '{"lxc_id":101,"cores":1}' >/dev/null
monitor_before=$(pid_of lxc_monitor)

# Not asked: an administrator who is not there cannot answer.
apt -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold install "$packages/current.deb" >"$scratch/install" 2>&1
check 'the newer version is installed' equals "$(dpkg-query --show --showformat='${Version}' lxc-autoscale-ml)" "$(dpkg-deb --field "$packages/current.deb" Version)"
check 'an edited configuration file is kept' grep -q '# edited by the administrator' $ETC/lxc_monitor.yaml
check 'a configuration file that nobody edited is the new one' not grep -q '# of the older version' $ETC/lxc_autoscale_api.yaml
check 'the key is kept' equals "$(<$ETC/api.key)" "$key"
check 'the history is kept' bash -c "[ \$(grep -c summary $METRICS) -ge $history_before ]"
check 'the audit log is kept' bash -c '[[ $1 == *\"lxc_id\":101* ]]' -- "$(api GET /history?lxc_id=101)"
check 'the running units were restarted' bash -c "[ $monitor_before != $(pid_of lxc_monitor) ]"
check 'a unit that the administrator disabled stays so' bash -c '! systemctl is-enabled --quiet lxc_autoscale_ml && ! systemctl is-active --quiet lxc_autoscale_ml'
systemctl enable --now --quiet lxc_autoscale_ml
check 'all three are active again' within 10 is_active "${UNITS[@]}"

# Only a copy: the real thing needs 256 MB of log.
sed 's/size 256M/size 1/' /etc/logrotate.d/lxc-autoscale-ml >"$scratch/logrotate.conf"
chmod 644 "$scratch/logrotate.conf"
rotate() { logrotate --state "$scratch/logrotate.state" "$scratch/logrotate.conf" && for name in lxc_monitor lxc_autoscale_ml autoscaleapi; do ls /var/log/lxc_autoscale_ml/*/$name.log-*; done; }
check 'logrotate can empty a log that outgrew all limits' rotate
rm -f /var/log/lxc_autoscale_ml/*/*.log-*
