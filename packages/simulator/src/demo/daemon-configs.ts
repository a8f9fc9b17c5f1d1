import { writeFileSync } from 'node:fs'
import { STATUS_FILE } from '@lxc-autoscale/core'
import { MODEL } from './decision.ts'
import { TIERS } from './demo-containers.ts'
import { PERSON } from './past-container.ts'

/** Where the daemons of the demo find each other. */
export interface DemoPlaces {
  /** Root of the pretend host. */
  readonly host: string
  /** Directory for what the daemons write. */
  readonly work: string
  readonly port: number
  /** Where the monitor and the model show their metrics. */
  readonly metricsPorts: { readonly monitor: number; readonly model: number }
  /** Name of a key -> the key: of who looks on, of the model, and of the people of the demo. */
  readonly keys: { readonly demo: string; readonly model: string; readonly [PERSON]: string }
}

/** Paths of the three configuration files. */
export interface DaemonConfigs {
  readonly monitor: string
  readonly model: string
  readonly api: string
}

/** Of some hours, at the pace of the demo. */
const LIVE_CYCLES = 10_000

/**
 * Writes the configuration files. They are JSON, which is YAML too.
 * @param pastCycles cycles that the metrics file begins with
 */
export function writeDaemonConfigs(places: DemoPlaces, pastCycles: number): DaemonConfigs {
  const write = (name: string, config: unknown) => {
    const file = `${places.work}/${name}.yaml`
    writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 })
    return file
  }
  return {
    monitor: write('lxc_monitor', monitorConfig(places, pastCycles + LIVE_CYCLES)),
    model: write('lxc_autoscale_ml', modelConfig(places)),
    api: write('lxc_autoscale_api', apiConfig(places)),
  }
}

function hostSection({ host }: DemoPlaces) {
  return { proc: `${host}/proc`, cgroup: `${host}/sys/fs/cgroup`, pve: `${host}/etc/pve` }
}

export function metricsFile({ work }: DemoPlaces): string {
  return `${work}/lxc_metrics.json`
}

function lockFile({ work }: DemoPlaces): string {
  return `${work}/lxc_autoscale_ml.lock`
}

export function modelState({ work }: DemoPlaces): string {
  return `${work}/model`
}

export function apiState({ work }: DemoPlaces): string {
  return `${work}/api`
}

function monitorConfig(places: DemoPlaces, entries: number) {
  return {
    monitoring: { export_file: metricsFile(places), check_interval: 2, max_metrics_entries: entries },
    logging: { log_file: `${places.work}/lxc_monitor.log` },
    metrics: { port: places.metricsPorts.monitor },
    host: hostSection(places),
  }
}

/** The built-in settings, but for pauses of minutes, which would outlast the demo, and a tier for what leaks. */
export function modelConfig(places: DemoPlaces) {
  return {
    interval_seconds: 3,
    data_file: metricsFile(places),
    lock_file: lockFile(places),
    log_file: `${places.work}/lxc_autoscale_ml.log`,
    metrics: { port: places.metricsPorts.model },
    state: { directory: modelState(places) },
    api: { api_url: `http://127.0.0.1:${places.port}`, api_key: places.keys.model, api_key_file: '' },
    scaling: { grow_cooldown_seconds: 10, shrink_cooldown_seconds: 30 },
    tiers: TIERS,
    host: hostSection(places),
  }
}

function apiConfig(places: DemoPlaces) {
  return {
    server: { host: '127.0.0.1', port: places.port },
    authentication: {
      key_file: '',
      api_keys: [
        { name: 'demo', key: places.keys.demo, role: 'admin' },
        { name: PERSON, key: places.keys[PERSON], role: 'scale' },
        { name: MODEL, key: places.keys.model, role: 'scale' },
      ],
    },
    state: { directory: apiState(places) },
    health: {
      metrics_file: metricsFile(places),
      max_metrics_age_seconds: 15,
      model_lock_file: lockFile(places),
      model_status_file: `${modelState(places)}/${STATUS_FILE}`,
    },
    logging: { log_file: `${places.work}/autoscaleapi.log` },
    host: { ...hostSection(places), rrd: `${places.host}/var/lib/rrdcached/db` },
  }
}
