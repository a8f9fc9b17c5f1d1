# What the daemons cost at rest with 60 containers, measured every 10 s.

for vmid in {201..258}; do
  pct create $vmid -cores 1 -memory 64
  pct start $vmid
done
printf 'monitoring:\n  check_interval: 10\n' >$ETC/lxc_monitor.yaml
systemctl restart lxc_monitor
ticks_of() { local stat; stat=$(<"/proc/$(pid_of "$1")/stat"); stat=${stat##*) }; set -- $stat; echo $((${12} + ${13})); }
all_ticks() { local sum=0 unit; for unit in "${UNITS[@]}"; do sum=$((sum + $(ticks_of $unit))); done; echo $sum; }
resident_mb() { local kb; kb=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$(pid_of "$1")/status"); echo $((kb / 1024)); }
sleep 30
ticks_before=$(all_ticks)
sleep 120
ticks=$(($(all_ticks) - ticks_before))
percent=$(awk "BEGIN { printf \"%.2f\", $ticks / $(getconf CLK_TCK) / 120 * 100 }")
monitor_mb=$(resident_mb lxc_monitor) model_mb=$(resident_mb lxc_autoscale_ml) api_mb=$(resident_mb lxc_autoscale_api)
check 'sixty containers are measured' equals "$(tail -n2 $METRICS | grep -o '"total_containers":[0-9]*')" '"total_containers":60'
check "the three use at most 190 MB (monitor $monitor_mb, model $model_mb, API $api_mb)" at_most $((monitor_mb + model_mb + api_mb)) 190
check "the three use at most 0.5 % of a core ($percent %)" at_most "$percent" 0.5
for vmid in {201..258}; do pct stop $vmid && pct destroy $vmid; done
