import { MS_PER_SECOND } from '@lxc-autoscale/core'

/** Whether Proxmox moves HA-managed guests by itself to balance its nodes (PVE 9.2 and newer), and how long it looks first. */
export interface Balancer {
  readonly isOn: boolean
  readonly holdMs: number
}

/** Source: pve-ha-manager, PVE/HA/CRM.pm, work: a round of the master lasts 10 s. */
const ROUND_MS = 10 * MS_PER_SECOND
const DEFAULT_ROUNDS = 3
const MOST_ROUNDS = 1_000

/**
 * From `/etc/pve/datacenter.cfg`, line `crs`. It balances only with a scheduler that goes by sizes or use.
 * Sources: pve-cluster, PVE/DataCenterConfig.pm, crs; pve-ha-manager, PVE/HA/Manager.pm, load_balance.
 */
export function parseBalancer(datacenter = ''): Balancer {
  const crs = /^crs:[ \t]*(.*)$/m.exec(datacenter)?.[1] ?? ''
  const options = new Map(
    crs
      .split(',')
      .map(part => part.trim().split('=', 2))
      .map(([name = '', value]) => [name, value]),
  )
  const scheduler = options.get('ha')
  const rounds = Number(options.get('ha-auto-rebalance-hold-duration') ?? DEFAULT_ROUNDS)
  const isAsked = /^(1|on|yes|true)$/i.test(options.get('ha-auto-rebalance') ?? '')
  return {
    isOn: isAsked && (scheduler === 'static' || scheduler === 'dynamic'),
    holdMs: ROUND_MS * (rounds >= 0 && rounds <= MOST_ROUNDS ? rounds : DEFAULT_ROUNDS),
  }
}
