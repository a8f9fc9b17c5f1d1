import { NO_STEERING } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'
import { overviewHead } from '../../../../packages/api/src/overview/overview-head.ts'
import { overviewRow } from '../../../../packages/api/src/overview/overview-row.ts'
import { allocation, containerFacts } from '../../../builders/container-facts.ts'
import { historyEntry } from '../../../builders/history-entry.ts'
import { containerStatus } from '../../../builders/model-status.ts'
import { sample, summary } from '../../../builders/snapshot.ts'

const big = containerFacts({ vmid: 101 })
const off = containerFacts({ vmid: 102, status: 'stopped', inForce: allocation() })
const paused = containerFacts({ vmid: 103, inForce: allocation({ cores: 2, memoryMb: 512 }) })
const had = (vmid: number, cores: number, memory_mb: number) => ({
  ...{ lxc_id: vmid, cores, memory_mb, cpulimit: null, swap_mb: 0 },
  ...{ name: 'web', time: '2026-01-01T00:00:00.000Z', change_id: 'c' },
})

function rowOf(container: typeof big, changes: Partial<Parameters<typeof overviewRow>[0]> = {}) {
  return overviewRow({
    nowMs: sample().timestampMs,
    container,
    steering: NO_STEERING,
    sample: sample(),
    maxSampleAgeMs: 60_000,
    decided: containerStatus(),
    standstill: undefined,
    isDryRun: false,
    lastChange: undefined,
    ...changes,
  })
}

test('the head sums what is known of running containers, and tells what was freed', () => {
  const rows = [rowOf(big), rowOf(off), rowOf(paused, { decided: containerStatus({ mode: 'off' }) })]
  const head = overviewHead({
    node: 'pve',
    cluster: undefined,
    isAuthenticated: true,
    cycle: { containers: new Map(), summary: summary() },
    status: undefined,
    verdict: undefined,
    daemons: [],
    checks: { pve_files: { ok: true, detail: '' }, audit_log: { ok: false, detail: 'the disk is full' } },
    reservedMemoryMb: 512,
    installSizes: [had(101, 4, 2_048), had(104, 64, 64_000)],
    weekSizes: [had(101, 3, 1_024)],
    containers: [big, off, paused],
    rows,
  })
  expect(head).toMatchObject({
    containers: 3,
    looked_after: 1,
    paused: 1,
    is_dry_run: null,
    cores: { total: 8, given: 4, used: 1, available: null, reserved: null },
    memory_mb: { total: 32_768, given: 1_536, used: 600, available: 20_000, reserved: 512 },
    freed_since_install: { cores: 2, memory_mb: 1_024 },
    freed_last_7_days: { cores: 1, memory_mb: 0 },
    failed_checks: [{ name: 'audit_log', detail: 'the disk is full' }],
  })
})

test('what nobody measured is not known, which is not 0', () => {
  const row = rowOf(big, { sample: undefined })
  expect(row).toMatchObject({ cores_used: null, memory_used_mb: null, cores_given: 2, memory_given_mb: 1_024 })
  expect(rowOf(off)).toMatchObject({ cores_used: null, memory_used_mb: null, throttled_percent: null })
})

test('a row tells what the last change moved, or what came of it', () => {
  const before = { cores: 1, cpulimit: null, memory_mb: 1_024, swap_mb: 0 }
  const change = historyEntry({ before, after: { ...before, cores: 2, memory_mb: 1_536 } })
  expect(rowOf(big, { lastChange: change }).last_change).toMatchObject({
    text: 'cores 1 -> 2, memory 1024 -> 1536 MB',
    // The key of the model, and not in its way.
    who: 'a person',
    is_by_model: false,
  })
  const failed = historyEntry({ outcome: 'failed', message: 'pct timed out' })
  expect(rowOf(big, { lastChange: failed }).last_change?.text).toBe('failed: pct timed out')
})
