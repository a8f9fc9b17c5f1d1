import { join } from 'node:path'
import type { ApiConfig } from '@lxc-autoscale/api'
import { STATUS_FILE } from '@lxc-autoscale/core'
import type { ModelConfig } from '@lxc-autoscale/model'
import type { MonitorConfig } from '@lxc-autoscale/monitor'

/** The three configurations of one host; undefined for one that cannot be used. */
export interface Configs {
  readonly monitor: MonitorConfig | undefined
  readonly model: ModelConfig | undefined
  readonly api: ApiConfig | undefined
}

/** What a file with keys is on this host. */
export interface KeyFileFacts {
  readonly path: string
  readonly isThere: boolean
  /** Undefined when it is not known. */
  readonly mode: number | undefined
  readonly isOfRoot: boolean
  /** Why it cannot be read, undefined when it can. */
  readonly problem: string | undefined
}

/** What the configurations are compared with. Undefined: not known. */
export interface HostFacts {
  readonly cores: number | undefined
  readonly memoryMb: number | undefined
  readonly keyFiles: readonly KeyFileFacts[]
}

/** Something that each file may say for itself, and that does not go together. */
export interface Mismatch {
  /** Whose file is to be looked at, and which key in it. */
  readonly daemon: keyof Configs
  readonly key: string
  readonly text: string
}

const NAMES = { monitor: 'lxc_monitor', model: 'lxc_autoscale_ml', api: 'lxc_autoscale_api' } as const

/** Memory of a host that differs by less is the same host: the kernel keeps some for itself. */
const SAME_MEMORY_SHARE = 0.1
const MODEL_SAMPLES_BEFORE_STALE = 3

/** What does not go together in the three files, or with the host. Nothing of it stops a daemon. */
export function compareConfigs(configs: Configs, host: HostFacts): Mismatch[] {
  const { monitor, model, api } = configs
  return [
    ...(monitor && model ? monitorWithModel(monitor, model) : []),
    ...(monitor && api ? monitorWithApi(monitor, api) : []),
    ...(model && api ? [...addresses(model, api), ...modelWithApi(model, api), ...bounds(model, api)] : []),
    ...(model ? [...tierIds(model), ...tierLimits(model), ...thresholds(model), ...hostSize(model, host)] : []),
    ...sharedPlaces(configs),
    ...keyFiles(configs, host),
    ...newsFiles(configs, host),
  ]
}

/** Whether the model reads what the monitor writes; undefined when it does. */
function metricsFileMismatch(
  { monitoring }: MonitorConfig,
  { data_file: dataFile }: ModelConfig,
): Mismatch | undefined {
  if (monitoring.export_file === dataFile) return undefined
  return {
    daemon: 'model',
    key: 'data_file',
    text: `lxc_autoscale_ml reads ${dataFile}, but lxc_monitor writes ${monitoring.export_file}: make data_file and monitoring.export_file the same`,
  }
}

function monitorWithModel(monitor: MonitorConfig, model: ModelConfig): Mismatch[] {
  const { check_interval: interval } = monitor.monitoring
  const { max_metrics_age_seconds: age, interval_seconds: decides } = model
  return present([
    metricsFileMismatch(monitor, model),
    age !== undefined && age <= interval
      ? {
          daemon: 'model',
          key: 'max_metrics_age_seconds',
          text: `metrics older than ${age} s decide nothing, but lxc_monitor measures every ${interval} s only: leave it out, or set at least ${MODEL_SAMPLES_BEFORE_STALE * interval}`,
        }
      : undefined,
    decides < interval
      ? {
          daemon: 'model',
          key: 'interval_seconds',
          text: `lxc_autoscale_ml decides every ${decides} s, but lxc_monitor measures every ${interval} s only: most decisions see nothing new`,
        }
      : undefined,
    ...differentRoots(monitor.host, model.host, 'model'),
  ])
}

function monitorWithApi(monitor: MonitorConfig, api: ApiConfig): Mismatch[] {
  const { export_file: file, check_interval: interval } = monitor.monitoring
  const { metrics_file: watched, max_metrics_age_seconds: age } = api.health
  return present([
    watched !== '' && watched !== file
      ? {
          daemon: 'api',
          key: 'health.metrics_file',
          text: `lxc_autoscale_api watches ${watched}, but lxc_monitor writes ${file}`,
        }
      : undefined,
    watched !== '' && age <= interval
      ? {
          daemon: 'api',
          key: 'health.max_metrics_age_seconds',
          text: `metrics older than ${age} s count as stale, but lxc_monitor measures every ${interval} s only: set at least ${MODEL_SAMPLES_BEFORE_STALE * interval}`,
        }
      : undefined,
    ...differentRoots(monitor.host, api.host, 'api'),
  ])
}

function differentRoots(
  one: MonitorConfig['host'],
  other: MonitorConfig['host'],
  daemon: 'model' | 'api',
): (Mismatch | undefined)[] {
  return (['proc', 'cgroup', 'pve'] as const).map(root =>
    one[root] === other[root]
      ? undefined
      : {
          daemon,
          key: `host.${root}`,
          text: `${NAMES[daemon]} has ${other[root]}, lxc_monitor has ${one[root]}: they look at different hosts`,
        },
  )
}

const ANY_ADDRESS = new Set(['0.0.0.0', '::', '*'])
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/

/** Whether the model calls where the API listens. An address of neither this host nor of the API says nothing. */
function addresses({ api: { api_url: url } }: ModelConfig, { server }: ApiConfig): Mismatch[] {
  const { protocol, hostname, port, pathname, origin } = new URL(url)
  const usual = protocol === 'https:' ? 443 : 80
  const called = port === '' ? usual : Number(port)
  const isHere = LOOPBACK.test(hostname) || hostname === server.host
  const listens = `lxc_autoscale_api listens on ${server.host}:${server.port}`
  const wrong = (text: string) => [modelKey('api.api_url', text)]
  if (isHere && protocol === 'https:')
    return wrong(`${url} speaks TLS, which lxc_autoscale_api does not: write http://`)
  if (isHere && server.port === 0) return wrong(`${url} has a fixed port, but server.port is 0, which takes any`)
  if (isHere && called !== server.port) return wrong(`${url} has the port ${called}, but ${listens}`)
  if (isHere && pathname !== '/') return wrong(`${url} has a path, but lxc_autoscale_api answers at ${origin}`)
  return mayReach(hostname, server.host) ? [] : wrong(`${url} is not where ${listens}`)
}

function mayReach(hostname: string, listening: string): boolean {
  if (ANY_ADDRESS.has(listening) || hostname === listening) return true
  return LOOPBACK.test(hostname) === LOOPBACK.test(listening)
}

function modelWithApi(model: ModelConfig, { health, state, authentication }: ApiConfig): Mismatch[] {
  const statusFile = join(model.state.directory, STATUS_FILE)
  const hasKeys = hasOtherKeys(authentication)
  return present([
    health.model_lock_file !== '' && health.model_lock_file !== model.lock_file
      ? {
          daemon: 'api',
          key: 'health.model_lock_file',
          text: `lxc_autoscale_api watches ${health.model_lock_file}, but the lock of lxc_autoscale_ml is ${model.lock_file}`,
        }
      : undefined,
    health.model_status_file !== '' && health.model_status_file !== statusFile
      ? {
          daemon: 'api',
          key: 'health.model_status_file',
          text: `lxc_autoscale_api watches ${health.model_status_file}, but lxc_autoscale_ml writes ${statusFile}`,
        }
      : undefined,
    state.directory === model.state.directory
      ? {
          daemon: 'model',
          key: 'state.directory',
          text: `lxc_autoscale_ml and lxc_autoscale_api both have ${state.directory}: each needs its own`,
        }
      : undefined,
    authentication.enabled && model.api.api_key === undefined && model.api.api_key_file === ''
      ? {
          daemon: 'model',
          key: 'api.api_key_file',
          text: 'lxc_autoscale_ml has no key, and lxc_autoscale_api wants one',
        }
      : undefined,
    authentication.enabled &&
    !hasKeys &&
    model.api.api_key === undefined &&
    model.api.api_key_file !== authentication.key_file
      ? {
          daemon: 'model',
          key: 'api.api_key_file',
          text: `the key of lxc_autoscale_ml is in ${model.api.api_key_file}, those of lxc_autoscale_api are in ${authentication.key_file}`,
        }
      : undefined,
  ])
}

/** Whether there are keys beside those of the key file. */
function hasOtherKeys({ api_key, api_keys }: ApiConfig['authentication']): boolean {
  return api_key !== undefined || api_keys.length > 0
}

/** Sizes that the model may choose and the API refuses. */
function bounds({ scaling, tiers }: ModelConfig, { safety: { limits } }: ApiConfig): Mismatch[] {
  const pairs = [
    { most: 'max_cpu_cores', least: 'min_cpu_cores', apiMost: 'max_cores', apiLeast: 'min_cores' },
    { most: 'max_ram_mb', least: 'min_ram_mb', apiMost: 'max_memory_mb', apiLeast: 'min_memory_mb' },
  ] as const
  return sizingSections({ scaling, tiers }).flatMap(([name, section]) =>
    pairs.flatMap(({ most, least, apiMost, apiLeast }) =>
      present([
        (section[most] ?? -Infinity) > (limits[apiMost] ?? Infinity)
          ? refusedSize(`${name}.${most}`, section[most], ['above', apiMost, limits[apiMost]])
          : undefined,
        (section[least] ?? Infinity) < (limits[apiLeast] ?? -Infinity)
          ? refusedSize(`${name}.${least}`, section[least], ['below', apiLeast, limits[apiLeast]])
          : undefined,
      ]),
    ),
  )
}

/** `scaling` and the tiers, each with its name in messages. */
function sizingSections({ scaling, tiers }: Pick<ModelConfig, 'scaling' | 'tiers'>) {
  const named = Object.entries(tiers).map(([name, tier]) => [`tiers.${name}`, tier] as const)
  return [['scaling', scaling] as const, ...named]
}

function refusedSize(
  key: string,
  value: number | undefined,
  [side, limit, bound]: readonly [string, string, number | undefined],
): Mismatch {
  return {
    daemon: 'model',
    key,
    text: `${value} is ${side} safety.limits.${limit} of lxc_autoscale_api, ${bound}, which refuses it`,
  }
}

/** A container that two tiers name is in the one that stands first, which may not have been meant. */
function tierIds({ tiers }: ModelConfig): Mismatch[] {
  const first = new Map<number, string>()
  return Object.entries(tiers).flatMap(([name, { ids }]) =>
    ids.flatMap(vmid => {
      const other = first.get(vmid)
      if (other === undefined) first.set(vmid, name)
      if (other === undefined || other === name) return []
      return [modelKey(`tiers.${name}.ids`, `${vmid} is in the tier ${other} too, which counts, as it stands first`)]
    }),
  )
}

/** A maximum of a tier below the general minimum: that of the tier wins, which may not have been meant. */
function tierLimits({ scaling, tiers }: ModelConfig): Mismatch[] {
  const pairs = [
    ['min_cpu_cores', 'max_cpu_cores'],
    ['min_ram_mb', 'max_ram_mb'],
  ] as const
  return Object.entries(tiers).flatMap(([name, tier]) =>
    pairs.flatMap(([least, most]) => {
      const value = tier[most]
      if (value === undefined || tier[least] !== undefined || scaling[least] <= value) return []
      return [
        modelKey(
          `tiers.${name}.${most}`,
          `${value} is below scaling.${least}, ${scaling[least]}: ${value} is what its containers get`,
        ),
      ]
    }),
  )
}

function thresholds({ scaling, tiers }: ModelConfig): Mismatch[] {
  const pairs = [
    ['cpu_scale_up_threshold', 'cpu_scale_down_threshold'],
    ['ram_scale_up_threshold', 'ram_scale_down_threshold'],
  ] as const
  return sizingSections({ scaling, tiers }).flatMap(([name, section]) =>
    pairs.flatMap(([upKey, downKey]) => {
      const isOwn = section[upKey] !== undefined || section[downKey] !== undefined
      const [up, down] = [section[upKey] ?? scaling[upKey], section[downKey] ?? scaling[downKey]]
      if (!isOwn || up > down) return []
      return [
        {
          daemon: 'model',
          key: `${name}.${upKey}`,
          text: `${up} is not above ${downKey}, ${down}: a size would go up and down for ever`,
        },
      ]
    }),
  )
}

function hostSize({ scaling }: ModelConfig, { cores, memoryMb }: HostFacts): Mismatch[] {
  const tooMuch = (key: 'min_cpu_cores' | 'min_ram_mb' | 'host_memory_reserve_mb', has: number | undefined) =>
    has !== undefined && scaling[key] > has
      ? modelKey(`scaling.${key}`, `${scaling[key]} is more than the host has, ${Math.floor(has)}`)
      : undefined
  return present([
    scaling.total_cores !== undefined && cores !== undefined && scaling.total_cores !== cores
      ? {
          daemon: 'model',
          key: 'scaling.total_cores',
          text: `${scaling.total_cores}, but the host has ${cores} cores: leave it out, and the host is measured`,
        }
      : undefined,
    scaling.total_ram_mb !== undefined &&
    memoryMb !== undefined &&
    Math.abs(scaling.total_ram_mb - memoryMb) > SAME_MEMORY_SHARE * memoryMb
      ? {
          daemon: 'model',
          key: 'scaling.total_ram_mb',
          text: `${scaling.total_ram_mb}, but the host has ${Math.floor(memoryMb)} MB: leave it out, and the host is measured`,
        }
      : undefined,
    tooMuch('min_cpu_cores', cores),
    tooMuch('min_ram_mb', memoryMb),
    tooMuch('host_memory_reserve_mb', memoryMb),
  ])
}

/** Files and ports that only one daemon can have. */
function sharedPlaces({ monitor, model, api }: Configs): Mismatch[] {
  const logs = [
    { daemon: 'monitor', key: 'logging.log_file', place: monitor?.logging.log_file },
    { daemon: 'model', key: 'log_file', place: model?.log_file },
    { daemon: 'api', key: 'logging.log_file', place: api?.logging.log_file },
  ] as const
  const ports = [
    { daemon: 'monitor', key: 'metrics.port', place: monitor?.metrics.port },
    { daemon: 'model', key: 'metrics.port', place: model?.metrics.port },
    { daemon: 'api', key: 'server.port', place: api?.server.port },
  ] as const
  return [logs, ports].flatMap(places =>
    places.flatMap(({ daemon, key, place }, at) => {
      const first = place ? places.slice(0, at).find(other => other.place === place) : undefined
      if (first === undefined) return []
      return [{ daemon, key, text: `${place} is ${first.key} of ${NAMES[first.daemon]} too: each needs its own` }]
    }),
  )
}

const FOR_OTHERS = 0o007
const GROUP_READS = 0o040

/** Keys that everybody may read, or that their daemon cannot. */
function keyFiles({ model, api }: Configs, { keyFiles }: HostFacts): Mismatch[] {
  const used = [
    {
      daemon: 'model',
      key: 'api.api_key_file',
      path: model?.api.api_key === undefined ? model?.api.api_key_file : '',
    },
    {
      daemon: 'api',
      key: 'authentication.key_file',
      path: api?.authentication.enabled ? api.authentication.key_file : '',
    },
  ] as const
  const isNeeded = api === undefined || !hasOtherKeys(api.authentication)
  const seen = new Set<string>()
  return used.flatMap(({ daemon, key, path }) => {
    const file = keyFiles.find(facts => facts.path === path)
    if (file === undefined || seen.has(file.path) || (!file.isThere && !isNeeded)) return []
    seen.add(file.path)
    const problem = keyFileProblem(file, daemon === 'model')
    return problem === undefined ? [] : [{ daemon, key, text: `${path} ${problem}` }]
  })
}

/** Files with the secrets of targets that are not there, or that everybody may read. */
function newsFiles({ api }: Configs, { keyFiles: files }: HostFacts): Mismatch[] {
  return newsSecrets(api).flatMap(({ key, path }) => {
    const file = files.find(facts => facts.path === path)
    const problem = file === undefined ? undefined : keyFileProblem(file, false)
    return problem === undefined ? [] : [{ daemon: 'api', key, text: `${path} ${problem}` }]
  })
}

/** The files that `notifications.targets` name, with their keys. */
export function newsSecrets(api: ApiConfig | undefined): { readonly key: string; readonly path: string }[] {
  const targets = api?.notifications.targets ?? []
  return targets.flatMap(({ url_file, token_file, smtp }, index) =>
    Object.entries({ url_file, token_file, 'smtp.password_file': smtp?.password_file }).flatMap(([key, path]) =>
      path === undefined ? [] : [{ key: `notifications.targets.${index}.${key}`, path }],
    ),
  )
}

function keyFileProblem({ path, mode, isOfRoot, problem }: KeyFileFacts, isOfModel: boolean): string | undefined {
  if (problem !== undefined || mode === undefined) return problem
  const octal = (mode & 0o7777).toString(8).padStart(4, '0')
  if ((mode & FOR_OTHERS) !== 0) return `has the mode ${octal}, so that everybody may use its keys: chmod 0640 ${path}`
  if (!isOfModel || !isOfRoot || (mode & GROUP_READS) !== 0) return undefined
  return `has the mode ${octal}, so that only root reads it, and not the unit of lxc_autoscale_ml: chgrp lxc-autoscale ${path}; chmod 0640 ${path}`
}

function modelKey(key: string, text: string): Mismatch {
  return { daemon: 'model', key, text }
}

function present(mismatches: readonly (Mismatch | undefined)[]): Mismatch[] {
  return mismatches.filter(mismatch => mismatch !== undefined)
}
