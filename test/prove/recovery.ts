import { lstatSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import type { Recovery } from './record.ts'
import { CLIENT_KEY, type Site } from './site.ts'

const PATIENCE_MS = 25_000
const LOOK_EVERY_MS = 250

/** Waits until each daemon does its work again, and notes when; no longer than the patience. */
export async function awaitRecovery(site: Site): Promise<Recovery> {
  const faultsOverMs = site.nowMs()
  let monitorMs: number | undefined
  let modelMs: number | undefined
  let apiMs: number | undefined
  const inodeMs = Date.now()
  while (site.nowMs() < faultsOverMs + PATIENCE_MS) {
    if (isMonitorMeasuring(site, inodeMs)) monitorMs ??= site.nowMs()
    if (isModelDeciding(site, inodeMs)) modelMs ??= site.nowMs()
    if (apiMs === undefined && (await isApiServing(site))) apiMs = site.nowMs()
    if (monitorMs !== undefined && modelMs !== undefined && apiMs !== undefined) break
    await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS))
  }
  return { faultsOverMs, monitorMs, modelMs, apiMs, patienceMs: PATIENCE_MS, why: whatIs(site) }
}

/** Whether the metrics file is whole and has grown since `sinceMs` of the file system's clock. */
export function isMonitorMeasuring(site: Site, sinceMs = 0): boolean {
  try {
    const facts = lstatSync(site.metricsFile)
    if (!facts.isFile() || facts.mtimeMs < sinceMs) return false
    const cycles = JSON.parse(readFileSync(site.metricsFile, 'utf8'))
    return Array.isArray(cycles) && cycles.length > 0
  } catch {
    // Not there, or a cycle is being appended.
    return false
  }
}

/** Whether the model that runs has decided since then. */
export function isModelDeciding(site: Site, sinceMs = 0): boolean {
  try {
    const facts = lstatSync(site.statusFile)
    if (!facts.isFile() || facts.mtimeMs < sinceMs) return false
    const status = JSON.parse(readFileSync(site.statusFile, 'utf8'))
    return status.cycle.outcome === 'decided' && site.daemons.model.pids().includes(status.pid)
  } catch {
    return false
  }
}

/** Whether it answers a read and can write its audit log. */
async function isApiServing(site: Site): Promise<boolean> {
  const [configs, health] = await Promise.all([ask(site, '/resource/lxc/configs'), ask(site, '/health/check')])
  if (configs.status !== 200 || (health.status !== 200 && health.status !== 503)) return false
  const parsed = parse(health.text)
  return parsed?.checks?.audit_log?.ok !== false
}

function ask(site: Site, path: string): Promise<{ status: number; text: string }> {
  return new Promise(resolve => {
    const nothing = { status: 0, text: '' }
    const headers = { 'x-api-key': CLIENT_KEY, connection: 'close' }
    const asked = request(
      { host: '127.0.0.1', port: site.apiPort, path, headers, agent: false, timeout: 5_000 },
      answer => {
        const parts: Buffer[] = []
        answer.on('data', part => parts.push(part))
        answer.on('error', () => resolve(nothing))
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }))
      },
    )
    asked.on('timeout', () => asked.destroy())
    asked.on('error', () => resolve(nothing))
    asked.end()
  })
}

function parse(text: string) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What the daemons last said, for whoever reads that one did not recover. */
function whatIs(site: Site): string {
  const last = (text: string) => text.trim().split('\n').slice(-3).join(' | ')
  const { monitor, model, api } = site.daemons
  return `monitor: ${last(monitor.output)}; model: ${last(model.output)}; api: ${last(api.output)}`
}
