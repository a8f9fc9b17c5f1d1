import { until } from '../checklist.mjs'
import { hostLink, runInContainer } from '../containers.mjs'
import { hostLinkBytes } from '../kernel-files.mjs'

const MEGABYTES = 20
const PORT = 9_999
/** Neighbour discovery and the like between the two readings. */
const TOLERANCE_BYTES = 20_000

/** What one container sends to another is what the host's ends of their network devices carried, the other way round. */
export async function networkIsMeasured({ host, checks, containers, metrics }) {
  const { worker: sender, neighbour: receiver } = containers
  const before = hostLinkBytes(hostLink(receiver)).sent
  // nc ends when its standard input does, hence the sleep.
  const endReceiver = runInContainer(receiver, `sleep 1000 | nc -l -p ${PORT} >/dev/null`)
  const send = `dd if=/dev/zero bs=1M count=${MEGABYTES} | nc ${host.addressOf(receiver)} ${PORT}`
  const endSender = runInContainer(sender, `until ${send}; do usleep 100000; done 2>/dev/null`)
  const isThrough = () => hostLinkBytes(hostLink(receiver)).sent - before > MEGABYTES * 1_048_576
  await until(`${MEGABYTES} MB sent`, 20_000, isThrough)
  await endSender()
  await endReceiver()
  for (const [name, vmid] of Object.entries({ sender, receiver })) {
    const [sample] = await metrics.nextSamples(vmid, { afterMs: Date.now() })
    const { rx_bytes: receivedBytes, tx_bytes: sentBytes } = sample.network_usage
    const hostEnd = hostLinkBytes(hostLink(vmid))
    const isClose = (a, b) => Math.abs(a - b) <= TOLERANCE_BYTES
    const text = `received ${receivedBytes}, sent ${sentBytes}; host's end sent ${hostEnd.sent}, received ${hostEnd.received}`
    const agrees = isClose(receivedBytes, hostEnd.sent) && isClose(sentBytes, hostEnd.received)
    checks.ok(agrees, `${name}: network bytes are those of the host's end`, text)
  }
}
