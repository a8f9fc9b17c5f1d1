import { writeFileSync } from 'node:fs'
import { STATUS_FILE } from '@lxc-autoscale/core'

/** Where the daemons of the demo find each other. */
export interface DemoPlaces {
  /** Root of the pretend host. */
  readonly host: string
  /** Directory for what the daemons write. */
  readonly work: string
  readonly port: number
  /** Where the monitor and the model show their metrics. */
  readonly metricsPorts: { readonly monitor: number; readonly model: number }
  readonly adminKey: string
  readonly modelKey: string
}

/** Paths of the three configuration files. */
export interface DaemonConfigs {
  readonly monitor: string
  readonly model: string
  readonly api: string
}

/** Writes the configuration files. They are JSON, which is YAML too. */
export function writeDaemonConfigs(places: DemoPlaces): DaemonConfigs {
  const write = (name: string, config: unknown) => {
    const file = `${places.work}/${name}.yaml`
    writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 })
    return file
  }
  return {
    monitor: write('lxc_monitor', monitorConfig(places)),
    model: write('lxc_autoscale_ml', modelConfig(places)),
    api: write('lxc_autoscale_api', apiConfig(places)),
  }
}

function hostSection({ host }: DemoPlaces) {
  return { proc: `${host}/proc`, cgroup: `${host}/sys/fs/cgroup`, pve: `${host}/etc/pve` }
}

function metricsFile({ work }: DemoPlaces): string {
  return `${work}/lxc_metrics.json`
}

function lockFile({ work }: DemoPlaces): string {
  return `${work}/lxc_autoscale_ml.lock`
}

function modelState({ work }: DemoPlaces): string {
  return `${work}/model`
}

function monitorConfig(places: DemoPlaces) {
  return {
    monitoring: { export_file: metricsFile(places), check_interval: 1 },
    logging: { log_file: `${places.work}/lxc_monitor.log` },
    metrics: { port: places.metricsPorts.monitor },
    host: hostSection(places),
  }
}

/** Decides every few seconds and waits for little: on a real host all of this takes minutes to hours. */
function modelConfig(places: DemoPlaces) {
  return {
    interval_seconds: 3,
    data_file: metricsFile(places),
    lock_file: lockFile(places),
    log_file: `${places.work}/lxc_autoscale_ml.log`,
    metrics: { port: places.metricsPorts.model },
    state: { directory: modelState(places) },
    api: { api_url: `http://127.0.0.1:${places.port}`, api_key: places.modelKey, api_key_file: '' },
    scaling: {
      policy: 'threshold',
      min_cpu_cores: 1,
      min_ram_mb: 256,
      cpu_scale_up_threshold: 80,
      cpu_scale_down_threshold: 30,
      ram_scale_up_threshold: 80,
      ram_scale_down_threshold: 35,
      ram_scale_step_mb: 512,
      learning_hours: 0.002,
      max_changes_per_hour: 60,
      grow_cooldown_seconds: 5,
      shrink_cooldown_seconds: 8,
      memory_shrink_step_percent: 40,
      quarantine_hours: 0.005,
      start_grace_seconds: 3,
    },
    host: hostSection(places),
  }
}

function apiConfig(places: DemoPlaces) {
  return {
    server: { host: '127.0.0.1', port: places.port },
    authentication: {
      key_file: '',
      api_keys: [
        { name: 'demo', key: places.adminKey, role: 'admin' },
        { name: 'model', key: places.modelKey, role: 'scale' },
      ],
    },
    state: { directory: `${places.work}/api` },
    health: {
      metrics_file: metricsFile(places),
      max_metrics_age_seconds: 15,
      model_lock_file: lockFile(places),
      model_status_file: `${modelState(places)}/${STATUS_FILE}`,
    },
    logging: { log_file: `${places.work}/autoscaleapi.log` },
    host: hostSection(places),
  }
}
