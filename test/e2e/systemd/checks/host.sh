# A Proxmox host whose containers do not run: LXC of Debian 11 cannot make the cgroups of Proxmox.

/e2e/host/prepare
pct create 101 -cores 1 -memory 256 -hostname worker
