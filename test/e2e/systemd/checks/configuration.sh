# Edits of the configuration, good and bad.

cp -a $ETC/lxc_monitor.yaml "$scratch/monitor.yaml"
sed -i 's/check_interval: .*/check_interval: 1/' $ETC/lxc_monitor.yaml
pid_before=$(pid_of lxc_monitor)
check 'reload succeeds' systemctl reload lxc_monitor
check 'reload does not restart' equals "$(pid_of lxc_monitor)" "$pid_before"
entries_before=$(grep -c summary $METRICS)
has_five_more() { [ "$(grep -c summary $METRICS)" -ge $((entries_before + 5)) ]; }
check 'the new interval is in force' within 9 has_five_more

echo 'monitorring: {}' >>$ETC/lxc_monitor.yaml
systemctl reload lxc_monitor
is_refused() { journal lxc_monitor --since=-20s | grep -q 'refused.*lxc_monitor.yaml:[0-9]*.*monitorring'; }
check 'a bad edit is refused on reload, with file, line and key' within 5 is_refused
check 'and the old configuration stays in force' is_active lxc_monitor

systemctl restart lxc_monitor 2>/dev/null
has_failed() { [ "$(property lxc_monitor ActiveState)" = failed ]; }
check 'a restart with a bad configuration fails' within 10 has_failed
check 'with exit code 78' equals "$(property lxc_monitor ExecMainStatus)" 78
sleep 3
check 'and is not tried again' equals "$(property lxc_monitor ActiveState) $(property lxc_monitor NRestarts)" 'failed 0'
check 'the journal has file, line, key and the nearest known key' bash -c \
  "journalctl --no-pager -o cat -u lxc_monitor --since=-20s | grep -qE 'lxc_monitor.yaml:[0-9]+: monitorring: unknown key; did you mean monitoring'"
cp -a "$scratch/monitor.yaml" $ETC/lxc_monitor.yaml
systemctl reset-failed lxc_monitor
check 'it starts again when the file is mended' systemctl start lxc_monitor

key=$(<$ETC/api.key)
check 'the key is in no log and not in the journal' bash -c "! grep -rqs $key /var/log/lxc_autoscale_ml && ! journalctl --no-pager -o cat | grep -q $key"
