# The resource limits of the units, by the cgroups that systemd made for them. Needs cgroup v2 with all controllers.

limit() { cat "$CGROUP/system.slice/$1.service/$2"; }
check 'the monitor may use 256 MB' equals "$(limit lxc_monitor memory.max)" 268435456
check 'the monitor may use half a core' equals "$(limit lxc_monitor cpu.max)" '50000 100000'
check 'the model may use 768 MB' equals "$(limit lxc_autoscale_ml memory.max)" 805306368
check 'the API may use 384 MB' equals "$(limit lxc_autoscale_api memory.max)" 402653184
check 'the API may use one core' equals "$(limit lxc_autoscale_api cpu.max)" '100000 100000'
for unit in "${UNITS[@]}"; do
  check "$unit has a limit of processes" at_most "$(limit $unit pids.max)" 64
  check "$unit is not the first that the kernel kills" at_most "$(<"/proc/$(pid_of $unit)/oom_score_adj")" -1
done

# Something under the settings of the monitor that takes more memory than it may. Without MemoryHigh, which would only slow it
# down (and leave it to the watchdog).
sed -e 's|^ExecStart=.*|ExecStart=/bin/bash -c "dd if=/dev/zero of=/dev/null bs=300M count=1"|' -e 's/^Type=.*/Type=oneshot/' \
  -e '/^\(Restart\|Watchdog\|After=\|ExecReload\|MemoryHigh\|TimeoutStart\)/d' /usr/lib/systemd/system/lxc_monitor.service >/run/systemd/system/e2e-hog.service
systemctl daemon-reload
systemctl start e2e-hog 2>/dev/null
check 'a monitor that takes too much memory is ended, and nobody else' bash -c "[ '$(property e2e-hog Result)' = oom-kill ]"
check 'the daemons did not notice' is_active "${UNITS[@]}"
rm /run/systemd/system/e2e-hog.service
systemctl daemon-reload
