import { join } from 'node:path'

/** Configurations of the three daemons: everything of theirs lies in the run's directory, and all intervals are short. */

export const API_PORT = 5_000
export const MONITOR_PORT = 9_105
export const ADMIN_KEY = 'e2e-admin-key'
const MODEL_KEY = 'e2e-model-key'

/** Host name of the container that the policy `adaptive` sizes. */
export const ADAPTIVE_NAME = 'neighbour'
/** The smallest allocation that the model may give. */
export const MINIMUM = { cores: 1, memoryMb: 256 }

/** `kernelDirs` {proc, cgroup}: where those lie when the host is a pretend one. */
const hostSection = ({ pveDir, kernelDirs }) => ({ pve: pveDir, ...kernelDirs })

export function monitorConfig(host, metricsPath) {
  return {
    host: hostSection(host),
    logging: { log_file: '' },
    metrics: { port: MONITOR_PORT },
    monitoring: { export_file: metricsPath, check_interval: 1 },
  }
}

function stateDirectory(host) {
  return join(host.dir, 'model-state')
}

export function apiConfig(host, metricsPath) {
  return {
    host: hostSection(host),
    server: { port: API_PORT },
    authentication: {
      key_file: '',
      api_keys: [
        { name: 'admin', key: ADMIN_KEY, role: 'admin' },
        { name: 'model', key: MODEL_KEY, role: 'scale' },
      ],
    },
    logging: { log_file: '' },
    state: { directory: join(host.dir, 'api-state') },
    health: {
      metrics_file: metricsPath,
      model_lock_file: lockFile(host),
      model_status_file: join(stateDirectory(host), 'model-status.json'),
    },
  }
}

/** @param ignored containers that the model must leave alone */
export function modelConfig(host, metricsPath, ignored) {
  return {
    log_file: '',
    lock_file: lockFile(host),
    data_file: metricsPath,
    interval_seconds: 2,
    ignore_lxc: ignored,
    state: { directory: stateDirectory(host) },
    api: { api_url: `http://127.0.0.1:${API_PORT}`, api_key: MODEL_KEY },
    scaling: {
      policy: 'threshold',
      min_cpu_cores: MINIMUM.cores,
      max_cpu_cores: 2,
      min_ram_mb: MINIMUM.memoryMb,
      max_ram_mb: 768,
      ram_scale_step_mb: 128,
      // Everything that a person would want to wait for on a real host.
      learning_hours: 0,
      start_grace_seconds: 0,
      grow_cooldown_seconds: 2,
      shrink_cooldown_seconds: 5,
      max_changes_per_hour: 60,
      memory_shrink_step_percent: 50,
      // Other work on this machine says nothing about the containers of the test.
      host_cpu_reserve_percent: 0,
      host_memory_reserve_mb: 0,
    },
    tiers: { learning: { names: [ADAPTIVE_NAME], policy: 'adaptive' } },
  }
}

function lockFile(host) {
  return join(host.dir, 'model.lock')
}
