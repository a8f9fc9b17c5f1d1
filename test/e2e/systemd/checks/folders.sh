# Folders of the services: what an older package left is parted, and what a service lays in the way of another one, or of root, changes
# nothing. The canary is a file of root that each planted link leads to.

STATE=/var/lib/lxc_autoscale_ml
LOGS=/var/log/lxc_autoscale_ml
canary=/etc/e2e-canary
mkdir -p $canary
echo untouched >$canary/file
canary_state() { stat --format='%n %a %U:%G %s' $canary $canary/* && cat $canary/file; }
canary_before=$(canary_state)
as() { runuser -u "$1" -- "${@:2}"; }
folders_are_right() {
  local folder
  for folder in $STATE:755:root:root $STATE/model:750:lxc-autoscale:lxc-autoscale $STATE/api:750:lxc-autoscale-api:lxc-autoscale-api \
    $LOGS:755:root:root $LOGS/monitor:2750:lxc-autoscale-monitor:lxc-autoscale $LOGS/model:750:lxc-autoscale:lxc-autoscale \
    $LOGS/api:750:lxc-autoscale-api:lxc-autoscale-api; do
    equals "${folder%%:*}:$(stat --format='%a:%U:%G' "${folder%%:*}")" "$folder" || return 1
  done
}
check 'each service has folders of its own, in folders of root' folders_are_right

# As an older package left it: one sticky folder for all, with the files of each, and links in /var/log that lead there. The monitor runs
# though the administrator disabled it, and an edited file names the old folder.
lxc-autoscale ignore 102 --for 1h >/dev/null
for cores in 2 1; do api POST /scale/cores "{\"lxc_id\":101,\"cores\":$cores}" >/dev/null; done
systemctl stop "${UNITS[@]}"
audit_before=$(wc -l <$STATE/api/audit.jsonl)
metrics_before=$(grep -c summary $METRICS)
mv $STATE/model/* $STATE/api/* $STATE/
mv $LOGS/*/* $LOGS/
rmdir $STATE/model $STATE/api $LOGS/monitor $LOGS/model $LOGS/api
chown root:lxc-autoscale $STATE
chown lxc-autoscale-monitor:lxc-autoscale $LOGS
chmod 3770 $STATE $LOGS
for name in lxc_metrics.json lxc_monitor.log lxc_autoscale_ml.log autoscaleapi.log; do ln -sfn "lxc_autoscale_ml/$name" "/var/log/$name"; done
sed -i "s|^  directory: .*|  directory: $STATE|" $ETC/lxc_autoscale_ml.yaml $ETC/lxc_autoscale_api.yaml
systemctl disable --quiet lxc_monitor
mkdir -p /run/systemd/system/lxc_monitor.service.d
printf '[Service]\nReadWritePaths=\nReadWritePaths=%s\n' $LOGS >/run/systemd/system/lxc_monitor.service.d/e2e.conf
systemctl daemon-reload
systemctl start lxc_monitor
rm -r /run/systemd/system/lxc_monitor.service.d
monitor_before=$(pid_of lxc_monitor)
as lxc-autoscale ln -s $canary/file $STATE/.not-enabled
as lxc-autoscale ln -s $canary $STATE/api
as lxc-autoscale-api mkdir $STATE/model
as lxc-autoscale-api ln -s $canary/file $STATE/model/model-sizers.jsonl
as lxc-autoscale-api ln -s $canary/file $LOGS/lxc_metrics.json.new
as lxc-autoscale-monitor ln -s $canary $LOGS/model
check 'in /run/lock somebody else can take a name that is free' bash -c 'rm -rf /run/lock/lxc_autoscale_ml.lock* && runuser -u nobody -- mkdir /run/lock/lxc_autoscale_ml.lock'

apt -o Dpkg::Options::=--force-confold --reinstall install "$packages/current.deb" >"$scratch/install" 2>&1
check 'the folder that all services shared is parted' folders_are_right
check 'no name of a service is left beside the folders' equals "$(find $STATE $LOGS -mindepth 1 -maxdepth 1 ! -user root ! -type d)" ''
check 'what services planted there changes no file of root' equals "$(canary_state)" "$canary_before"
check 'all three run, the disabled one that ran among them' within 10 is_active "${UNITS[@]}"
check 'and it was restarted' bash -c "[ $monitor_before != $(pid_of lxc_monitor) ]"
systemctl enable --quiet lxc_monitor
keeps_audit_log() { [ "$audit_before" -gt 0 ] && [ "$(wc -l <$STATE/api/audit.jsonl)" -ge "$audit_before" ]; }
check 'the audit log goes on in the folder of the API' keeps_audit_log
check 'what was learned goes on in the folder of the model' test -s $STATE/model/model-sizers.jsonl
check 'the metrics go on in the folder of the monitor' bash -c "
  [ $metrics_before -gt 0 ] && [ \$(grep -c summary $METRICS) -ge $metrics_before ] && [ \$(readlink -f $METRICS) = $LOGS/monitor/lxc_metrics.json ]"
check 'a pause is kept' bash -c 'lxc-autoscale ignore | grep -q 102'
check 'a settings file that names the old folder means the new one' bash -c "
  grep -qx '  directory: $STATE' $ETC/lxc_autoscale_ml.yaml && lxc-autoscale config show --json | tr -d ' \n' | grep -q '\"directory\":\"$STATE/model\"'"
check 'a log goes on behind its link' test -s $LOGS/model/lxc_autoscale_ml.log

# Each service may do in its own folder what it likes: root does nothing there, and the others look elsewhere.
for user in lxc-autoscale-monitor lxc-autoscale lxc-autoscale-api nobody; do
  for folder in $STATE $LOGS; do
    check "$user can make no name in $folder" bash -c "
      runuser -u $user -- true && ! runuser -u $user -- ln -s $canary/file $folder/.not-enabled && ! runuser -u $user -- mkdir $folder/e2e"
  done
done
check 'nobody can take the name of the lock while the model runs' not as nobody mkdir /run/lock/lxc_autoscale_ml.lock
systemctl stop lxc_autoscale_ml
check 'nor while it is stopped' not as nobody mkdir /run/lock/lxc_autoscale_ml.lock
check 'the model starts after others were at its lock' systemctl start lxc_autoscale_ml
plant() { # USER FOLDER NAME...: links in place of the names
  local user=$1 folder=$2 name
  shift 2
  for name; do as "$user" rm -rf "$folder/$name"; as "$user" ln -s $canary/file "$folder/$name"; done
}
systemctl stop "${UNITS[@]}"
plant lxc-autoscale-monitor $LOGS/monitor lxc_monitor.log lxc_monitor.log.1 lxc_metrics.json.new
plant lxc-autoscale $LOGS/model lxc_autoscale_ml.log lxc_autoscale_ml.log.1
plant lxc-autoscale $STATE/model pauses.json .not-enabled model-status.json
plant lxc-autoscale-api $LOGS/api autoscaleapi.log autoscaleapi.log.1
plant lxc-autoscale-api $STATE/api pauses.json .not-enabled
sed 's/size 256M/size 1/' /etc/logrotate.d/lxc-autoscale-ml >"$scratch/logrotate.conf"
chmod 644 "$scratch/logrotate.conf"
logrotate --force --state "$scratch/logrotate.state" "$scratch/logrotate.conf" >/dev/null 2>&1
systemd-tmpfiles --create lxc-autoscale-ml.conf
apt -o Dpkg::Options::=--force-confold --reinstall install "$packages/current.deb" >"$scratch/install" 2>&1
lxc-autoscale ignore 102 --end >/dev/null
check 'rotating, installing again and pausing change no file of root through a link of a service' equals "$(canary_state)" "$canary_before"
check 'and all three run' within 10 is_active "${UNITS[@]}"

systemctl stop "${UNITS[@]}"
find $STATE $LOGS -type l -delete
systemctl start "${UNITS[@]}"
sed -i "s|^  directory: .*|  directory: $STATE/model|" $ETC/lxc_autoscale_ml.yaml
sed -i "s|^  directory: .*|  directory: $STATE/api|" $ETC/lxc_autoscale_api.yaml
rm -r $canary
