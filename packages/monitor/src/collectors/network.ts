import type { NetworkUsage } from '@lxc-autoscale/core'
import { type InterfaceTraffic, LIST, parseNetDev } from '@lxc-autoscale/host'
import type { Collector } from './collector.ts'

/** Bytes since the interfaces were made. */
export interface NetworkReading {
  readonly rxBytes: number
  readonly txBytes: number
}

export interface NetworkMetrics {
  readonly networkUsage: NetworkUsage
}

/** Traffic as the container sees it, without loopback. Source: /proc/<pid>/net/dev of its init. */
export const network: Collector<NetworkReading, NetworkMetrics> = {
  open:
    (run, { files, interfacesOf }) =>
    () => {
      const { initPid } = run
      if (initPid === undefined) {
        files.noteFailure(`${run.proc}/*/net/dev of ${run.vmid}`, 'NO_INIT')
        return undefined
      }
      const traffic = files.readOnce(`${run.proc}/${initPid}/net/dev`, parseNetDev, LIST)
      if (traffic === undefined) run.loseInit()
      return traffic === undefined ? undefined : total(traffic, interfacesOf(run.vmid))
    },

  derive: ({ current }) => ({ networkUsage: current }),
}

/**
 * Over the interfaces that Proxmox configured: what a bridge inside the container passes on (Docker) went through one of
 * them already. Over all but loopback when none of those is known.
 */
function total(traffic: readonly InterfaceTraffic[], configured: readonly string[]): NetworkReading {
  const isOutside = ({ name }: InterfaceTraffic) => configured.includes(name)
  const isCounted = traffic.some(isOutside) ? isOutside : ({ name }: InterfaceTraffic) => name !== 'lo'
  let rxBytes = 0
  let txBytes = 0
  for (const each of traffic) {
    if (!isCounted(each)) continue
    rxBytes += each.rxBytes
    txBytes += each.txBytes
  }
  return { rxBytes, txBytes }
}
