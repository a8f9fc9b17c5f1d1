/** Traffic of one network interface since it was made. */
export interface Traffic {
  readonly rxBytes: number
  readonly rxPackets: number
  readonly txBytes: number
  readonly txPackets: number
}

export const NO_TRAFFIC: Traffic = { rxBytes: 0, rxPackets: 0, txBytes: 0, txPackets: 0 }

const HEADER = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
`

/** `net/dev` as the kernel prints it. Source: Linux, net/core/net-procfs.c, dev_seq_printf_stats. */
export function formatNetDev(interfaces: Iterable<readonly [name: string, traffic: Traffic]>): string {
  let text = HEADER
  for (const [name, { rxBytes, rxPackets, txBytes, txPackets }] of interfaces) {
    const receive = [
      pad(rxBytes, 7),
      pad(rxPackets, 7),
      pad(0, 4),
      pad(0, 4),
      pad(0, 4),
      pad(0, 5),
      pad(0, 10),
      pad(0, 9),
    ]
    const transmit = [
      pad(txBytes, 8),
      pad(txPackets, 7),
      pad(0, 4),
      pad(0, 4),
      pad(0, 4),
      pad(0, 5),
      pad(0, 7),
      pad(0, 10),
    ]
    text += `${name.padStart(6)}: ${receive.join(' ')} ${transmit.join(' ')}\n`
  }
  return text
}

/** The same the other way round: interface -> traffic. */
export function parseNetDev(text: string): ReadonlyMap<string, Traffic> {
  const interfaces = new Map<string, Traffic>()
  for (const line of text.split('\n')) {
    const match = /^\s*([^:\s]+):\s*(.*)$/.exec(line)
    if (match === null) continue
    const fields = (match[2] ?? '').trim().split(/\s+/).map(Number)
    const at = (index: number) => fields[index] ?? 0
    interfaces.set(match[1] ?? '', { rxBytes: at(0), rxPackets: at(1), txBytes: at(8), txPackets: at(9) })
  }
  return interfaces
}

function pad(value: number, width: number): string {
  return String(Math.trunc(value)).padStart(width)
}
