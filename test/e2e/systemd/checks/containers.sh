# Three real containers: one that will work, one that rests, one that is stopped.

/e2e/host/prepare
pct create 101 -cores 1 -memory 256 -hostname worker
pct create 102 -cores 1 -memory 256 -hostname rester
pct create 109 -cores 1 -memory 256 -hostname stopped
check 'the containers start' bash -c 'pct start 101 && pct start 102'
check 'their cgroups are those of Proxmox' bash -c 'grep -q ":/lxc/101/ns$" /proc/$(lxc-info -n 101 -p -H)/cgroup'
