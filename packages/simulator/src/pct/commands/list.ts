import { listVmids } from '../../host/container-conf.ts'
import type { Command } from '../command.ts'
import { loadConf, runs } from '../context.ts'

/** `pct list`: nothing at all when there is no container. */
export const list: Command = {
  positional: [],
  options: {},
  run: async context => {
    const { paths, identity, output } = context
    const rows = listVmids(paths, identity.node).map(vmid => {
      const { values } = loadConf(context, vmid).live
      const name = (values['hostname'] ?? `CT${vmid}`).replaceAll(/\s/g, '')
      return [String(vmid), runs(context, vmid) ? 'running' : 'stopped', values['lock'] ?? '', name]
    })
    if (rows.length === 0) return undefined
    for (const [vmid = '', status = '', lock = '', name = ''] of [['VMID', 'Status', 'Lock', 'Name'], ...rows]) {
      output.out(`${vmid.padEnd(10)} ${status.padEnd(10)} ${lock.padEnd(12)} ${name.padEnd(20)}\n`)
    }
    return undefined
  },
}
