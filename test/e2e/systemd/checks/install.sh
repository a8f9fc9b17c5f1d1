# A plain first install on a Proxmox host.

apt install "$packages/quick.deb" >"$scratch/install" 2>&1
says() { grep -qE "$1" "$scratch/install" || { cat "$scratch/install"; return 1; }; }
check 'it says what runs' says 'running: lxc_monitor lxc_autoscale_ml lxc_autoscale_api'
check 'the three units are active' is_active "${UNITS[@]}"
