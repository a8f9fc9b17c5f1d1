import type { ContainerStatus, ModelStatus } from '@lxc-autoscale/core'

/** What a model that works wrote down at `updated_at`; a test names what matters to it. */
export function modelStatus({ cycle, metrics, api, ...changes }: StatusChanges = {}): ModelStatus {
  return {
    version: 3,
    updated_at: '2026-03-01T12:00:00.000Z',
    pid: 4_711,
    model_version: '2.0.0',
    dry_run: false,
    cycle: {
      number: 7,
      outcome: 'decided',
      text: '',
      code: null,
      interval_seconds: 60,
      seconds: 0.1,
      stages: {},
      ...cycle,
    },
    metrics: {
      file: '/var/log/lxc_metrics.json',
      newest: '2026-03-01T11:59:55.000Z',
      age_seconds: 5,
      interval_seconds: 10,
      is_stale: false,
      ...metrics,
    },
    host: { cores: 8, memory_mb: 32_768, memory_available_mb: 16_384 },
    api: { url: 'http://127.0.0.1:5000', breaker: 'closed', ...api },
    warnings: [],
    forests: { containers: 1, with_own_forests: 0, forests: 0, alarms: 0 },
    settings: [[{ key: 'mode', value: 'auto', from: 'default' }]],
    containers: [containerStatus()],
    ...changes,
  }
}

type Section = 'cycle' | 'metrics' | 'api'
type StatusChanges = Partial<Omit<ModelStatus, Section>> & { [Key in Section]?: Partial<ModelStatus[Key]> }

/** The newest figures of that container. */
export const MEASURED = {
  time: '2026-03-01T11:59:55.000Z',
  cpu_cores_used: 0.5,
  cpu_usage_percent: 25,
  cpu_throttled_percent: 0,
  memory_usage_mb: 512,
  memory_floor_mb: 256,
}

export function containerStatus(changes: Partial<ContainerStatus> = {}): ContainerStatus {
  return {
    vmid: 101,
    name: 'web',
    tags: [],
    tier: null,
    settings: 0,
    mode: 'auto',
    learning: false,
    known: { from_proxmox_seconds: null, own_seconds: 7_200, is_past_awaited: false },
    allocation: { cores: 2, memory_mb: 1_024 },
    problem: null,
    newest: MEASURED,
    decision: null,
    policy: null,
    last_change: null,
    verdict: null,
    breaker: 'closed',
    kills: [],
    paused_until: null,
    ...changes,
  }
}
