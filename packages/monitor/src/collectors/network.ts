import type { NetworkUsage } from '@lxc-autoscale/core'
import { type InterfaceTraffic, LIST, MOST_COUNT, mostNetworkBytes, parseNetDev } from '@lxc-autoscale/host'
import { Counter } from '../derive/counter.ts'
import { boundsIn, type Collector } from './collector.ts'
import { counter } from './container-metric.ts'

/** Traffic as the container sees it, without loopback. Source: /proc/<pid>/net/dev of its init. */
export const network: Collector = {
  metrics: [
    counter(
      'network_receive_bytes_total',
      'Bytes received, as the container sees it.',
      sample => sample.networkUsage?.rxBytes,
    ),
    counter(
      'network_transmit_bytes_total',
      'Bytes sent, as the container sees it.',
      sample => sample.networkUsage?.txBytes,
    ),
  ],

  open(run, { files, interfacesOf }) {
    const named = {
      get path() {
        return `${run.proc}/${run.initPid ?? '*'}/net/dev of ${run.vmid}`
      },
    }
    const bounds = boundsIn(files, named, { most: MOST_COUNT, mostGrowth: mostNetworkBytes })
    const traffic = new Counter(bounds)
    return (sample, timing) => {
      const { initPid } = run
      if (initPid === undefined) {
        files.noteFailure({ path: named.path, reason: 'unreadable', code: 'NO_INIT' })
        return
      }
      const interfaces = files.readOnce(`${run.proc}/${initPid}/net/dev`, parseNetDev, LIST)
      if (interfaces === undefined) {
        run.loseInit()
        return
      }
      const usage = totalOf(interfaces, interfacesOf(run.vmid))
      if (traffic.take(usage.rxBytes + usage.txBytes, timing)) sample.networkUsage = usage
    }
  },
}

/**
 * Over the interfaces that Proxmox configured: what a bridge inside the container passes on (Docker) went through one of
 * them already. Over all but loopback when none of those is known.
 */
function totalOf(traffic: readonly InterfaceTraffic[], configured: readonly string[]): NetworkUsage {
  let configuredRx = 0
  let configuredTx = 0
  let rxBytes = 0
  let txBytes = 0
  let isAnyConfigured = false
  for (const each of traffic) {
    if (configured.includes(each.name)) {
      isAnyConfigured = true
      configuredRx += each.rxBytes
      configuredTx += each.txBytes
    }
    if (each.name === 'lo') continue
    rxBytes += each.rxBytes
    txBytes += each.txBytes
  }
  return isAnyConfigured ? { rxBytes: configuredRx, txBytes: configuredTx } : { rxBytes, txBytes }
}
