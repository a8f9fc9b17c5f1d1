import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'

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

const rounded = value => Math.round(value * 1_000) / 1_000

/** What the monitor writes for one container: a daily curve of its own with noise. */
function wireSample(vmid, timeMs, index) {
  const phase = noise(vmid) * 2 * Math.PI
  const day = (1 + Math.sin((timeMs / 86_400_000) * 2 * Math.PI + phase)) / 2
  const cores = 2
  const used = rounded(0.05 + day * 1.2 + noise(vmid, index, 1) * 0.2)
  const memory = rounded(200 + day * 300 + noise(vmid, index, 2) * 40)
  return {
    timestamp: new Date(timeMs).toISOString(),
    run_id: vmid * 7,
    cpu_usage_percent: rounded((used / cores) * 100),
    cpu_cores_used: used,
    cpu_cores: cores,
    cpu_throttled_percent: 0,
    memory_usage_mb: memory,
    memory_limit_mb: 1_024,
    memory_floor_mb: rounded(memory * 0.8),
    swap_usage_mb: 0,
    swap_total_mb: 512,
    process_count: 20 + Math.floor(noise(vmid, index, 3) * 4),
    io_stats: { reads: index * 40 + Math.floor(noise(vmid, index, 4) * 30), writes: index * 80 },
    network_usage: { rx_bytes: index * 900_000 + vmid, tx_bytes: index * 400_000 },
    filesystem_usage_gb: rounded(3 + index * 1e-4),
    filesystem_free_gb: rounded(5 - index * 1e-4),
    filesystem_total_gb: 8,
    min_cpu: rounded((used / cores) * 90),
    max_cpu: rounded((used / cores) * 110),
    min_memory: rounded(memory * 0.97),
    max_memory: rounded(memory * 1.03),
    cpu_per_process: rounded((used / cores) * 5),
    memory_per_process: rounded(memory / 20),
    pressure: {
      cpu_some: rounded(noise(vmid, index, 5) * 3),
      memory_some: 0,
      memory_full: 0,
      io_some: 0.2,
      io_full: 0,
    },
    memory_events: { high: 0, max: 0, oom_kill: 0 },
  }
}

/** One element of the metrics file: cycle number `index` at `timeMs` with containers 101, 102, ... */
export function cycleLine(containers, timeMs, index) {
  const element = {}
  for (let vmid = 101; vmid <= 100 + containers; vmid++) element[vmid] = wireSample(vmid, timeMs, index)
  element.summary = {
    collection_start_time: new Date(timeMs - 20).toISOString(),
    collection_end_time: new Date(timeMs).toISOString(),
    total_containers: containers,
    failed_containers: 0,
    total_duration_seconds: 0.02,
    monitor_cpu_percent: 0.3,
    monitor_memory_usage_mb: 60,
    host_cores: containers * 2,
    host_memory_mb: containers * 2_048,
    host_memory_available_mb: containers * 1_024,
    host_load1: containers / 4,
  }
  return JSON.stringify(element)
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
