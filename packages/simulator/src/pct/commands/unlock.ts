import { VMID } from '../../schema/option-spec.ts'
import { type Command, vmidOf } from '../command.ts'
import { loadConf, unlocked, writeConf } from '../context.ts'
import { Failure } from '../failure.ts'
import { lockConfig } from '../locks.ts'

/** `pct unlock VMID` */
export const unlock: Command = {
  positional: ['vmid'],
  options: { vmid: VMID },
  run: async (context, args) => {
    const vmid = vmidOf(args)
    await lockConfig(context, vmid, async () => {
      const conf = loadConf(context, vmid)
      if (conf.live.values['lock'] === undefined) throw new Failure('no lock found trying to remove any lock')
      writeConf(context, vmid, unlocked(conf))
    })
    return undefined
  },
}
