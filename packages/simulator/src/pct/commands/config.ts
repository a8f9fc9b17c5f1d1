import { type ConfValues, encodeText } from '../../host/conf-text.ts'
import { configOption } from '../../schema/config-options.ts'
import { BOOLEAN, problemOf, SNAPSHOT_NAME, VMID } from '../../schema/option-spec.ts'
import { type Command, vmidOf } from '../command.ts'
import { loadConf } from '../context.ts'
import { EXIT, Failure, ParameterFailure, problemLines, UsageFailure } from '../failure.ts'
import { mergedValues, pendingDeletes } from '../pending.ts'

/** `pct config VMID [--current] [--snapshot NAME]`: without options, what is pending is shown as if it were in force. */
export const config: Command = {
  positional: ['vmid'],
  options: { vmid: VMID, current: BOOLEAN, snapshot: SNAPSHOT_NAME },
  run: async (context, args) => {
    const { current, snapshot } = args.values
    if (snapshot !== undefined && current === '1') {
      const problem = "cannot use 'snapshot' parameter with 'current'"
      throw new ParameterFailure({ snapshot: problem, current: problem })
    }
    const conf = loadConf(context, vmidOf(args))
    const section = snapshot === undefined ? conf.live : conf.snapshots[snapshot]
    if (section === undefined) throw new Failure(`snapshot '${snapshot}' does not exist`)
    const isMerged = snapshot === undefined && current !== '1'
    const values = isMerged ? mergedValues(conf) : section.values
    assertVerified(values)
    for (const key of Object.keys(values).sort()) context.output.out(`${key}: ${shown(key, values[key] ?? '')}\n`)
    for (const [key, value] of section.lxc) context.output.out(`${key}: ${value}\n`)
    return undefined
  },
}

/** `pct pending VMID` */
export const pending: Command = {
  positional: ['vmid'],
  options: { vmid: VMID },
  run: async (context, args) => {
    const conf = loadConf(context, vmidOf(args))
    const deletes = pendingDeletes(conf.pending)
    const keys = new Set([...Object.keys(conf.live.values), ...Object.keys(conf.pending)])
    keys.delete('delete')
    for (const key of [...keys].sort()) {
      const now = conf.live.values[key]
      const next = conf.pending[key]
      if (now !== undefined) context.output.out(`${deletes.includes(key) ? 'del' : 'cur'} ${key}: ${shown(key, now)}\n`)
      if (next !== undefined && !deletes.includes(key)) context.output.out(`new ${key}: ${shown(key, next)}\n`)
    }
    return undefined
  },
}

/** @throws {Failure} when a value is none that its option takes: Proxmox looks at what it gives back, too */
function assertVerified(values: ConfValues): void {
  const problems: Record<string, string> = {}
  for (const key of Object.keys(values).sort()) {
    const spec = configOption(key)
    const problem = spec === undefined ? undefined : problemOf(values[key] ?? '', spec, key)
    if (problem !== undefined) problems[key] = problem
  }
  if (Object.keys(problems).length === 0) return
  throw new UsageFailure(`Result verification failed\n${problemLines(problems).trimEnd()}`, EXIT.other)
}

function shown(key: string, value: string): string {
  return key === 'description' ? encodeText(value) : value
}
