import { writeFileSync } from 'node:fs'
import { until } from '../checklist.mjs'
import { LXC_DIR, runInContainer } from '../containers.mjs'
import { cgroupPath, diskOf, diskOperations } from '../kernel-files.mjs'

const WRITES = 300
const READS = 200
/** Writes of the file system's own (journal, inode) on behalf of the container. */
const EXTRA_OPERATIONS = 60
/** Newer kernels count the operations of a cgroup v1 only under a throttling rule: one that never throttles. */
const UNREACHABLE_IOPS = 1_000_000_000

/** Direct reads and writes of a known number arrive as that many operations. */
export async function diskIsMeasured({ checks, containers: { worker }, metrics }) {
  const disk = diskOf(LXC_DIR)
  if (disk === undefined) return console.log(`# ${LXC_DIR} is on no block device: no operations to count`)
  writeFileSync(cgroupPath('blkio', worker, 'blkio.throttle.write_iops_device'), `${disk} ${UNREACHABLE_IOPS}`)
  const [before] = await metrics.nextSamples(worker, { afterMs: Date.now() })
  const first = diskOperations(worker)
  const script = `dd if=/dev/zero of=/root/direct bs=4k count=${WRITES} oflag=direct; dd if=/root/direct of=/dev/null bs=4k count=${READS} iflag=direct; rm /root/direct; sleep 1000`
  const end = runInContainer(worker, script)
  await until('the disk operations', 20_000, () => diskOperations(worker).reads - first.reads >= READS)
  const [after] = await metrics.nextSamples(worker, { afterMs: Date.now() })
  const last = diskOperations(worker)
  for (const [kind, done] of Object.entries({ reads: READS, writes: WRITES })) {
    const measured = after.io_stats[kind] - before.io_stats[kind]
    const text = `measured ${measured}, done ${done}, the kernel counts ${last[kind] - first[kind]}`
    checks.ok(measured >= done && measured <= done + EXTRA_OPERATIONS, `disk ${kind} are counted`, text)
  }
  await end()
}
