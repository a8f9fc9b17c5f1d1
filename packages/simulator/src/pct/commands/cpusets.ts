import { containerCgroup } from '../../files/host-paths.ts'
import { listVmids } from '../../host/container-conf.ts'
import { parseCpuList } from '../../kernel/cpu-list.ts'
import { readFirstLine } from '../../kernel/kernel-file.ts'
import type { Command } from '../command.ts'

/** `pct cpusets`: which CPUs each running container has, in columns. */
export const cpusets: Command = {
  positional: [],
  options: {},
  run: async ({ paths, identity, output }) => {
    const rows = listVmids(paths, identity.node).flatMap(vmid => {
      const text = readFirstLine(`${containerCgroup(paths, vmid)}/cpuset.cpus.effective`)
      return text === undefined ? [] : [{ name: String(vmid), columns: columnsOf(parseCpuList(text)) }]
    })
    if (rows.length === 0) {
      output.out('no running containers\n')
      return undefined
    }
    rows.sort((a, b) => (a.name < b.name ? -1 : 1))
    const nameWidth = Math.max(...rows.map(({ name }) => name.length))
    const rule = `${'-'.repeat(nameWidth + Math.max(...rows.map(({ columns }) => columns.length)))}\n`
    const lines = rows.map(({ name, columns }) => `${name.padStart(nameWidth)}${columns}\n`)
    output.out(`${rule}${lines.join('')}${rule}`)
    return undefined
  },
}

function columnsOf(cpus: readonly number[]): string {
  const last = Math.max(...cpus)
  const cells = Array.from({ length: last + 1 }, (_, cpu) =>
    cpus.includes(cpu) ? `${cpu}` : ' '.repeat(`${cpu}`.length),
  )
  return `:  ${cells.join(' ')}`
}
