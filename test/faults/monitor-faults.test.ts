import { closeSync, openSync, readdirSync, readSync } from 'node:fs'
import type { ContainerSample } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import type { FileCalls } from '../../packages/host/src/host-files.ts'
import { HostTree } from '../builders/host-tree.ts'
import { monitorCycle } from '../builders/monitor-cycle.ts'
import { temporaryDirectory } from '../fakes/temporary-directory.ts'

const MB = 1_048_576
/** With `CYCLES=100000` in the environment it looks for longer than there is time for in each run of all tests. */
const CYCLES = Number(process.env['CYCLES'] ?? 25_000)
const VMIDS = [101]
const INTERVAL_MS = 10_000
const LINE_FEED = 10

/** A generator of numbers in [0, 1) that gives the same ones each time. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}

/**
 * The calls on files with faults: reads fail with any code the kernel may give, end early, or bring binary rubbish; opens
 * fail for lack of files. `chance` is that of a fault per call.
 */
function faultyCalls(random: () => number) {
  const open = new Set<number>()
  const weather = { chance: 0 }
  const fail = (codes: readonly string[]) => {
    const code = codes[Math.floor(random() * codes.length)] ?? 'EIO'
    throw Object.assign(new Error(code), { code })
  }
  const isFault = () => random() < weather.chance
  const calls: FileCalls = {
    open(path) {
      if (isFault()) fail(['EMFILE', 'ENFILE', 'EACCES', 'ENOENT', 'EIO', 'ENOMEM'])
      const fd = openSync(path, 'r')
      open.add(fd)
      return fd
    },
    read(fd, buffer, offset, position) {
      if (!isFault()) return readSync(fd, buffer, offset, buffer.length - offset, position)
      const kind = Math.floor(random() * 3)
      if (kind === 0) return fail(['ENODEV', 'EIO', 'EINTR', 'ENOMEM', 'ESRCH', 'EACCES'])
      const length = readSync(fd, buffer, offset, buffer.length - offset, position)
      // A cut after a whole line is a text that a kernel could have written.
      const cut = Math.floor(random() * length)
      if (kind === 1) return cut > 0 && buffer[offset + cut - 1] !== LINE_FEED ? cut : length
      for (let at = 0; at < Math.min(length, 20); at++) buffer[offset + at] = 128 + Math.floor(random() * 128)
      return length
    },
    close(fd) {
      open.delete(fd)
      closeSync(fd)
    },
  }
  return { calls, weather, open }
}

/** What is true of a container; whatever is reported has to be this or not known. */
interface Truth {
  usageUsec: number
  usageBefore: number
  anonMb: number
  cores: number
  oomKills: number
  oomKillsBefore: number
}

function expectTrueOrUnknown(sample: ContainerSample | undefined, truth: Truth): number {
  if (sample === undefined) return 0
  const { cpuCoresUsed, cpuCores, memoryUsageMb, memoryFloorMb, memoryLimitMb, processCount, ioStats, networkUsage } =
    sample
  const checks: readonly (readonly [name: string, found: number | undefined, right: readonly number[]])[] = [
    ['cores', cpuCores, [truth.cores]],
    ['memory', memoryUsageMb, [truth.anonMb + 20]],
    ['floor', memoryFloorMb, [truth.anonMb + 20]],
    ['limit', memoryLimitMb, [512]],
    ['processes', processCount, [3]],
    ['reads', ioStats?.reads, [100]],
    ['network', networkUsage?.rxBytes, [1_005]],
    ['swap', sample.swapUsageMb, [0]],
    ['pressure', sample.pressure?.cpuSomePercent, [1.5]],
  ]
  for (const [name, found, right] of checks) {
    if (found !== undefined && !right.includes(found)) throw new Error(`${name} is ${found}, not ${right}`)
  }
  const { oomKill } = sample.memoryEvents ?? {}
  if (oomKill !== undefined && (oomKill < 0 || oomKill > truth.oomKills)) throw new Error(`${oomKill} kills`)
  const usedNow = (truth.usageUsec - truth.usageBefore) / 1_000 / INTERVAL_MS
  if (cpuCoresUsed !== undefined && Math.abs(cpuCoresUsed - usedNow) > 0.001) {
    throw new Error(`cores used are ${cpuCoresUsed}, not ${usedNow}`)
  }
  return checks.filter(([, found]) => found !== undefined).length + (cpuCoresUsed === undefined ? 0 : 1)
}

test(`${CYCLES} cycles with faults in the file layer: no crash, no leak of files, no wrong number`, async () => {
  const random = seeded(20_260_105)
  const tree = new HostTree(temporaryDirectory())
  const truths = new Map<number, Truth>()
  const startAgain = (vmid: number) => {
    const usageUsec = Math.floor(random() * 1e9)
    const truth = { usageUsec, usageBefore: usageUsec, anonMb: 50, cores: 2, oomKills: 0, oomKillsBefore: 0 }
    truths.set(vmid, truth)
    tree.start(vmid, filesOf(truth))
  }
  for (const vmid of VMIDS) startAgain(vmid)
  const { calls, weather, open } = faultyCalls(random)
  const { clock, cycle, store, close } = monitorCycle({ host: tree.host, calls, isWithoutConfigs: true })
  let known = 0
  let unknownRates = 0
  const filesBefore = readdirSync('/proc/self/fd').length
  for (let count = 0; count < CYCLES; count++) {
    weather.chance = count % 50 < 10 ? 0 : 0.02
    const vmid = VMIDS[count % VMIDS.length] ?? 101
    const truth = truths.get(vmid)
    if (truth !== undefined && count % 20 < 2) change(tree, vmid, truth, random)
    if (random() < 0.001) startAgain(vmid)
    if (random() < 0.001) clock.stepWallMs(Math.round((random() - 0.5) * 1e9))
    clock.passMs(INTERVAL_MS)
    await cycle.run()
    for (const [each, itsTruth] of truths) {
      const sample = store.last?.containers.get(each)
      known += expectTrueOrUnknown(sample, itsTruth)
      if (sample?.cpuCoresUsed === undefined) unknownRates++
      itsTruth.usageBefore = itsTruth.usageUsec
    }
    store.lines.length = 0
    if (open.size > 80) throw new Error(`${open.size} files are open`)
  }
  close()
  expect(open.size).toBe(0)
  expect(readdirSync('/proc/self/fd').length).toBe(filesBefore)
  // The faults must not be so many that nothing was looked at.
  expect(known).toBeGreaterThan(CYCLES * VMIDS.length * 7)
  expect(unknownRates).toBeGreaterThan(CYCLES * 0.01)
}, 480_000)

function filesOf({ usageUsec, anonMb, cores, oomKills }: Truth) {
  return {
    usageUsec,
    cpus: cores === 1 ? '0' : `0-${cores - 1}`,
    currentBytes: (anonMb + 10 + 10 + 180) * MB,
    anonBytes: anonMb * MB,
    fileBytes: 190 * MB,
    oomKills,
  }
}

function change(tree: HostTree, vmid: number, truth: Truth, random: () => number): void {
  truth.usageUsec += Math.floor(random() * 20_000_000)
  truth.anonMb = 20 + Math.floor(random() * 200)
  truth.cores = 1 + Math.floor(random() * 4)
  if (random() < 0.1) truth.oomKills++
  tree.set(vmid, filesOf(truth))
}
