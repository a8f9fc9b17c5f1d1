import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'
import { formatCycle } from '@lxc-autoscale/core'

const END = '\n]\n'

/** A number in [0, 1) that is always the same for the same words. */
function noise(...words) {
  let hash = 2_166_136_261
  for (const word of words) hash = Math.imul(hash ^ word, 16_777_619)
  hash ^= hash >>> 15
  hash = Math.imul(hash, 2_246_822_519)
  hash ^= hash >>> 13
  return (hash >>> 0) / 4_294_967_296
}

/** One container: a daily curve of its own with noise. */
function sampleOf(vmid, timeMs, index) {
  const phase = noise(vmid) * 2 * Math.PI
  const day = (1 + Math.sin((timeMs / 86_400_000) * 2 * Math.PI + phase)) / 2
  const cores = 2
  const used = 0.05 + day * 1.2 + noise(vmid, index, 1) * 0.2
  const memory = 200 + day * 300 + noise(vmid, index, 2) * 40
  return {
    timestampMs: timeMs,
    runId: vmid * 7,
    cpuUsagePercent: (used / cores) * 100,
    cpuCoresUsed: used,
    cpuCores: cores,
    cpuThrottledPercent: 0,
    memoryUsageMb: memory,
    memoryLimitMb: 1_024,
    memoryFloorMb: memory * 0.8,
    swapUsageMb: 0,
    swapTotalMb: 512,
    processCount: 20 + Math.floor(noise(vmid, index, 3) * 4),
    ioStats: { reads: index * 40 + Math.floor(noise(vmid, index, 4) * 30), writes: index * 80 },
    networkUsage: { rxBytes: index * 900_000 + vmid, txBytes: index * 400_000 },
    filesystemUsageGb: 3 + index * 1e-4,
    filesystemFreeGb: 5 - index * 1e-4,
    filesystemTotalGb: 8,
    minCpuPercent: (used / cores) * 90,
    maxCpuPercent: (used / cores) * 110,
    minMemoryMb: memory * 0.97,
    maxMemoryMb: memory * 1.03,
    cpuPerProcessPercent: (used / cores) * 5,
    memoryPerProcessMb: memory / 20,
    pressure: {
      cpuSomePercent: noise(vmid, index, 5) * 3,
      memorySomePercent: 0,
      memoryFullPercent: 0,
      ioSomePercent: 0.2,
      ioFullPercent: 0,
    },
    memoryEvents: { high: 0, max: 0, oomKill: 0, innerMax: 0, innerOomKill: 0 },
  }
}

/** One element of the metrics file, as the monitor writes it: cycle number `index` at `timeMs` with containers 101, 102, ... */
export function cycleLine(containers, timeMs, index) {
  const samples = Array.from({ length: containers }, (_, place) => [101 + place, sampleOf(101 + place, timeMs, index)])
  const summary = {
    collectionStartMs: timeMs - 20,
    collectionEndMs: timeMs,
    totalContainers: containers,
    failedContainers: 0,
    totalDurationSeconds: 0.02,
    monitorCpuPercent: 0.3,
    monitorMemoryUsageMb: 60,
    hostCores: containers * 2,
    hostMemoryMb: containers * 2_048,
    hostMemoryAvailableMb: containers * 1_024,
    hostLoad1: containers / 4,
  }
  return formatCycle({ containers: new Map(samples), summary })
}

/** Writes a metrics file of `entries` cycles, the first at `firstMs`. */
export function writeHistory(path, { containers, entries, intervalMs, firstMs }) {
  const file = openSync(path, 'w')
  for (let index = 0; index < entries; index++) {
    writeSync(file, `${index === 0 ? '[\n' : ',\n'}${cycleLine(containers, firstMs + index * intervalMs, index)}`)
  }
  writeSync(file, END)
  closeSync(file)
}

/** Appends cycle number `index` at `timeMs` in the place of the closing bracket, as the monitor does. */
export function appendCycle(path, { containers, timeMs, index }) {
  const file = openSync(path, 'r+')
  const text = `,\n${cycleLine(containers, timeMs, index)}${END}`
  writeSync(file, text, fstatSync(file).size - END.length)
  closeSync(file)
}
