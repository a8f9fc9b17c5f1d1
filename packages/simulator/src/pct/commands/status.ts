import { BOOLEAN, VMID } from '../../schema/option-spec.ts'
import { type Command, vmidOf } from '../command.ts'
import { loadConf, runs } from '../context.ts'

/** `pct status VMID [--verbose]` */
export const status: Command = {
  positional: ['vmid'],
  options: { vmid: VMID, verbose: BOOLEAN },
  run: async (context, args) => {
    const vmid = vmidOf(args)
    const { live } = loadConf(context, vmid)
    if (args.values['verbose'] !== '1') {
      context.output.out(`status: ${runs(context, vmid) ? 'running' : 'stopped'}\n`)
      return undefined
    }
    const { statusValues } = await import('../../host/status-values.ts')
    const values = statusValues(context, vmid, live.values)
    for (const key of Object.keys(values).sort()) context.output.out(`${key}: ${values[key]}\n`)
    return undefined
  },
}
