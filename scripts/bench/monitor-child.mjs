// Runs the monitor for some cycles on the host given as JSON and prints what it cost: one JSON object.
import { subscribe } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { MonitorConfig } from '@lxc-autoscale/monitor'
import { Monitor } from '../../packages/monitor/dist/monitor.js'

const { host, exportFile, cycles, warmUp, maxEntries } = JSON.parse(process.argv[2])
let forks = 0
subscribe('child_process', () => forks++)

const silent = { info() {}, warn: console.error, error: console.error, debug() {} }
const clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise(resolve => {
      const timer = setTimeout(resolve, ms)
      signal?.addEventListener('abort', () => {
        clearTimeout(timer)
        resolve()
      })
    }),
}
const config = MonitorConfig.parse({
  host,
  monitoring: { export_file: exportFile, max_metrics_entries: maxEntries, filesystem_timeout_seconds: 10 },
})
const monitor = new Monitor(config, {
  clock,
  log: silent,
  mostOpenFiles: Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1_024) - 128,
  usage: () => ({ cpuUsec: 0, rssBytes: process.memoryUsage.rss() }),
})
await monitor.open()
const cpuMs = []
const wallMs = []
const rssMb = []
let reads = 0
for (let cycle = 0; cycle < warmUp + cycles; cycle++) {
  const readsBefore = readCalls()
  const startMs = performance.now()
  const start = process.cpuUsage()
  const { isStored, summary } = await monitor.runCycle()
  const { user, system } = process.cpuUsage(start)
  if (!isStored || summary.totalContainers === 0) throw new Error('a cycle failed')
  if (cycle >= warmUp) {
    cpuMs.push((user + system) / 1_000)
    wallMs.push(performance.now() - startMs)
  }
  reads = readCalls() - readsBefore
  if (cycle % 50 === 0) rssMb.push(process.memoryUsage.rss() / 1_048_576)
}
await monitor.close()
console.log(JSON.stringify({ cpuMs, wallMs, rssMb, forks, reads }))

function readCalls() {
  return Number(/^syscr: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? 0)
}
