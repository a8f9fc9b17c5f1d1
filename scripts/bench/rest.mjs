// A change, from the request to the API to its answer, through pct and through the REST interface of Proxmox.
//
// What Proxmox itself costs is pretended, since there is none here. pct: 1.2 s (+-20 %), as the whole Perl stack was measured to take to
// start. REST: 60 ms (+-33 %) for each request, an estimate: nothing is started, two daemons pass the request on, and the cluster
// is told of the write. The rows without delay are what is ours, and for pct the start of the pretended command.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHost, DEFAULT_SETTINGS, INSTANT, startPretendRest } from '@lxc-autoscale/simulator'

const KEY = 'bench-key-0001'
const CASES = [
  { backend: 'pct', settings: {}, changes: 15 },
  { backend: 'rest', settings: {}, changes: 60 },
  { backend: 'pct', settings: INSTANT, changes: 30 },
  { backend: 'rest', settings: INSTANT, changes: 60 },
]

export async function run(report) {
  for (const one of CASES) {
    const isInstant = one.settings === INSTANT
    const pretendedMs = isInstant ? 0 : DEFAULT_SETTINGS[`${one.backend}DelayMs`]
    const times = await measure(one)
    const row = (metric, value) =>
      report({ bench: 'rest', case: `${one.backend}, ${pretendedMs} ms pretended`, metric, value, unit: 'ms' })
    row('change_median', at(times, 0.5))
    row('change_p95', at(times, 0.95))
  }
}

/** How long each of the changes took, sorted; the first one, which opens the connection, is among them. */
async function measure({ backend, settings, changes }) {
  const directory = mkdtempSync(join(tmpdir(), 'lxc-autoscale-bench-'))
  const containers = [{ vmid: 101, shape: 'idle', cores: 2, memoryMb: 1_024 }]
  const host = await createHost({ root: join(directory, 'host'), containers, settings })
  const rest = backend === 'rest' ? await startPretendRest(host) : undefined
  const { daemon, url } = await start(directory, host, rest)
  try {
    const times = []
    for (let change = 0; change < changes; change++) {
      const startedMs = performance.now()
      const answer = await fetch(`${url}/scale/cores`, {
        method: 'POST',
        headers: { 'x-api-key': KEY, 'content-type': 'application/json' },
        body: JSON.stringify({ lxc_id: 101, cores: 1 + (change % 4) }),
      })
      if (!answer.ok) throw new Error(`${backend}: ${answer.status} ${await answer.text()}`)
      await answer.arrayBuffer()
      times.push(performance.now() - startedMs)
    }
    return times.sort((a, b) => a - b)
  } finally {
    const ended = new Promise(resolve => daemon.once('close', resolve))
    daemon.kill('SIGTERM')
    await ended
    await rest?.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

async function start(directory, host, rest) {
  const { proc, cgroup, pve, bin } = host.paths
  const overRest =
    rest === undefined
      ? {}
      : { backend: 'rest', rest: { url: rest.url, token_file: rest.tokenFile, ca_file: rest.caFile } }
  const config = {
    server: { port: 0 },
    authentication: { key_file: '', api_keys: [{ name: 'bench', key: KEY, role: 'admin' }] },
    lxc: overRest,
    state: { directory: join(directory, 'state') },
    logging: { log_file: '' },
    health: { metrics_file: '', model_lock_file: '', model_status_file: '' },
    host: { proc, cgroup, pve },
  }
  const file = join(directory, 'api.yaml')
  writeFileSync(file, JSON.stringify(config))
  const entry = join(import.meta.dirname, '..', '..', 'packages', 'api', 'bin', 'lxc-autoscale-api.mjs')
  const daemon = spawn(process.execPath, [entry, '--config', file], {
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return { daemon, url: `http://127.0.0.1:${await portOf(daemon)}` }
}

function portOf(daemon) {
  let text = ''
  return new Promise((resolve, reject) => {
    const read = part => {
      text += part
      const [, port] = /listening host=\S+ port=(\d+)/.exec(text) ?? []
      if (port !== undefined) resolve(port)
    }
    daemon.stdout.on('data', read)
    daemon.stderr.on('data', read)
    daemon.once('close', () => reject(new Error(`the API daemon ended:\n${text}`)))
  })
}

function at(sorted, share) {
  return sorted[Math.floor((sorted.length - 1) * share)]
}
