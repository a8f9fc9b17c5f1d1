# What the sandboxes keep out, tried from inside: a copy of each unit runs a list of commands instead of its daemon.

# probe UNIT: standard input has lines 'WHO may|cannot WHAT | COMMAND'; each becomes a check.
probe() {
  local unit=/run/systemd/system/e2e-probe.service
  cat >/run/e2e-probe.list
  cat >/run/e2e-probe.sh <<'PROBE'
while IFS='|' read -r sentence command; do
  timeout 5 bash -c "$command" >/dev/null 2>&1 </dev/null && did=may || did=cannot
  [[ $sentence == *" $did "* ]] && result=ok || result='not ok'
  echo "$result - ${sentence% }"
done </run/e2e-probe.list
PROBE
  sed -e 's|^ExecStart=.*|ExecStart=/bin/bash /run/e2e-probe.sh|' -e 's/^Type=.*/Type=oneshot/' -e '/^\(Restart\|Watchdog\|After=\|Wants=\|ExecReload\)/d' \
    -e '/^NoNewPrivileges/a StandardOutput=file:/run/e2e-probe.result' "/usr/lib/systemd/system/$1.service" >$unit
  rm -f /run/e2e-probe.result
  systemctl daemon-reload
  systemctl start e2e-probe || echo "not ok - the probe of $1 ran"
  cat /run/e2e-probe.result
  [ "$(wc -l </run/e2e-probe.result)" = "$(wc -l </run/e2e-probe.list)" ] || echo "not ok - every probe of $1 gave a result"
  rm -f $unit
}

# An address of this host that is not a loopback address, with somebody who answers; and a thing that anybody may do.
ip address add 10.98.0.1/32 dev lo
ip link set lo up
systemd-run --quiet --unit=e2e-listener perl -MIO::Socket::INET -e \
  'my $s = IO::Socket::INET->new(LocalAddr => "10.98.0.1", LocalPort => 8080, Listen => 5) or die; while (my $c = $s->accept) { close $c }'
can_connect() { (exec 3<>/dev/tcp/10.98.0.1/8080) 2>/dev/null; }
check 'without a sandbox the other address can be reached' within 10 can_connect
check 'without a sandbox a raw socket can be opened' perl -MSocket -e 'socket(my $s, AF_INET, SOCK_RAW, 1) or exit 1'
check 'without a sandbox a namespace can be made' unshare --user true

probe lxc_autoscale_ml <<'LIST'
the model may write into its state folder | echo x >/var/lib/lxc_autoscale_ml/model/probe && rm /var/lib/lxc_autoscale_ml/model/probe
the model may rename its log | touch /var/log/lxc_autoscale_ml/model/probe && mv /var/log/lxc_autoscale_ml/model/probe /var/log/lxc_autoscale_ml/model/probe.1 && rm /var/log/lxc_autoscale_ml/model/probe.1
the model cannot write into the state folder of the API | echo x >/var/lib/lxc_autoscale_ml/api/probe
the model cannot read the audit log | head -c1 /var/lib/lxc_autoscale_ml/api/audit.jsonl
the model cannot lay a name beside the state folders | ln -s probe /var/lib/lxc_autoscale_ml/probe
the model cannot lay a name beside the metrics | ln -s probe /var/log/lxc_autoscale_ml/monitor/probe
the model cannot pause a container | echo '{}' >/var/lib/lxc_autoscale_ml/pauses.json
the model may read the metrics | head -c1 /var/log/lxc_metrics.json
the model may read its key | head -c1 /etc/lxc_autoscale_ml/api.key
the model may connect to the API | exec 3<>/dev/tcp/127.0.0.1/5000
the model cannot write to /etc | echo x >/etc/lxc_autoscale_ml/probe
the model cannot write to /usr | echo x >/usr/lib/lxc-autoscale-ml/probe
the model cannot write to another state folder | echo x >/var/lib/probe
the model cannot write to a home folder | echo x >/root/probe
the model cannot write to a cgroup | mkdir /sys/fs/cgroup/probe
the model cannot change the metrics | echo x >>/var/log/lxc_metrics.json
the model cannot delete the metrics | rm -f /var/log/lxc_metrics.json
the model cannot read the key store of the API | head -c1 /etc/lxc_autoscale_ml/lxc_autoscale_api.yaml
the model cannot read the configuration of containers | head -c1 /etc/pve/lxc/101.conf
the model cannot open a raw socket | perl -MSocket -e 'socket(my $s, AF_INET, SOCK_RAW, 1) or exit 1'
the model cannot open a packet socket | perl -MSocket -e 'socket(my $s, 17, SOCK_RAW, 768) or exit 1'
the model cannot reach another address | exec 3<>/dev/tcp/10.98.0.1/8080
the model cannot run pct by the root helper | /usr/lib/lxc-autoscale-ml/pct/pct list
the model cannot see other processes | test -e /proc/1
the model cannot make a namespace | unshare --user true
LIST

probe lxc_monitor <<'LIST'
the monitor may read the configuration of containers | head -c1 /etc/pve/lxc/101.conf
the monitor may read the cgroups | head -c1 /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/unified/cgroup.procs || test -r /sys/fs/cgroup
the monitor cannot change the configuration of containers | echo x >>/etc/pve/lxc/101.conf
the monitor may write beside the metrics | touch /var/log/lxc_autoscale_ml/monitor/probe && rm /var/log/lxc_autoscale_ml/monitor/probe
the monitor cannot lay a name in the log folder of the model | ln -s probe /var/log/lxc_autoscale_ml/model/probe
the monitor cannot lay a name in the log folder of the API | ln -s probe /var/log/lxc_autoscale_ml/api/probe
the monitor cannot lay a name in a state folder | ln -s probe /var/lib/lxc_autoscale_ml/probe || ln -s probe /var/lib/lxc_autoscale_ml/api/probe
the monitor cannot read the audit log | head -c1 /var/lib/lxc_autoscale_ml/api/audit.jsonl
the monitor cannot write to a cgroup | mkdir /sys/fs/cgroup/probe /sys/fs/cgroup/cpu/probe
the monitor cannot write to /etc | echo x >/etc/lxc_autoscale_ml/probe
the monitor cannot read the API key | head -c1 /etc/lxc_autoscale_ml/api.key
the monitor cannot reach another address | exec 3<>/dev/tcp/10.98.0.1/8080
the monitor cannot open a raw socket | perl -MSocket -e 'socket(my $s, AF_INET, SOCK_RAW, 1) or exit 1'
the monitor cannot run pct by the root helper | /usr/lib/lxc-autoscale-ml/pct/pct list
LIST

kept=/var/lib/rrdcached/db/pve-vm-9.0/999
(umask 027 && echo kept >$kept)
probe lxc_autoscale_api <<'LIST'
the API may run pct by the root helper | pct list | grep -q 101
the API may have the history of a guest read by the root helper | base64 -w0 /var/lib/rrdcached/db/pve-vm-9.0/999 | /usr/bin/base64 -d | grep -q kept
the API cannot read the history of a guest itself | head -c1 /var/lib/rrdcached/db/pve-vm-9.0/999
the API cannot have another file read by the root helper | base64 -w0 /etc/shadow
the API may write to its state folder | echo x >/var/lib/lxc_autoscale_ml/api/probe && rm /var/lib/lxc_autoscale_ml/api/probe
the API may read the metrics | head -c1 /var/log/lxc_metrics.json
the API may read the status of the model | head -c1 /var/lib/lxc_autoscale_ml/model/model-status.json
the API cannot write into the state folder of the model | echo x >/var/lib/lxc_autoscale_ml/model/probe
the API cannot lay a name beside the state folders | ln -s probe /var/lib/lxc_autoscale_ml/probe
the API cannot lay a name beside the metrics | ln -s probe /var/log/lxc_autoscale_ml/monitor/probe
the API cannot run another command by the root helper | pct exec 101 -- true
the API cannot run pct without the root helper | /usr/sbin/pct set 101 -cores 1
the API cannot write to a cgroup | mkdir /sys/fs/cgroup/probe /sys/fs/cgroup/cpu/probe
the API cannot change its keys | echo x >>/etc/lxc_autoscale_ml/api.key
the API cannot write to /usr | echo x >/usr/lib/lxc-autoscale-ml/probe
the API cannot open a raw socket | perl -MSocket -e 'socket(my $s, AF_INET, SOCK_RAW, 1) or exit 1'
the API cannot make a namespace | unshare --user true
LIST
rm $kept
is_logged() { journalctl --no-pager --output=cat --since=-60s | grep -q 'refused: pct exec 101 -- true'; }
check 'the root helper logs what it refused' within 5 is_logged
check 'other users cannot reach the root helper' not runuser -u www-data -- /usr/lib/lxc-autoscale-ml/pct/pct list

# A ZFS file system that pct mounts for a clone must be mounted for the host too.
cp /usr/sbin/pct /run/e2e-pct
printf '#!/bin/sh\nreadlink /proc/self/ns/mnt >/run/e2e-namespace\nexec /run/e2e-pct "$@"\n' >/usr/sbin/pct
/usr/lib/lxc-autoscale-ml/pct/pct list >/dev/null
mv /run/e2e-pct /usr/sbin/pct
check 'pct runs in the mount namespace of the host' equals "$(</run/e2e-namespace)" "$(readlink /proc/1/ns/mnt)"

systemctl stop e2e-listener
systemctl daemon-reload
