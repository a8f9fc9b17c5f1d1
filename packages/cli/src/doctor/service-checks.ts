import { stat } from 'node:fs/promises'
import { AutoscaleError, asideMend, ConfigError, errorMessage } from '@lxc-autoscale/core'
import { MODEL_CONFIG_RULES, type ModelConfig, readApiKey } from '@lxc-autoscale/model'
import { readVerdict } from '../api/read-verdict.ts'
import { compareConfigs } from '../compare-configs.ts'
import { bad, type Check, type Finding, good, type Patient, UNITS, unseen } from './check.ts'

/** Is it deciding? As the API says, or what its files say. */
export const deciding: Check = {
  name: 'model',
  async look(patient) {
    const { client, model } = patient
    const mismatch = apart(patient, 'health.model_status_file', 'health.model_lock_file')
    if (mismatch !== undefined) return mismatch
    const { state, text, problems } = await readVerdict(client, model ?? MODEL_CONFIG_RULES.schema.parse({}))
    const [first, ...others] = problems
    if (first === undefined) return good(text)
    const wrongAddress = first.code === 'api_silent' ? apart(patient, 'api.api_url') : undefined
    if (wrongAddress !== undefined) return wrongAddress
    // The check of the API says that too.
    const told = others.filter(({ code }) => code !== 'api_silent')
    const isGood = state === 'idle'
    return [
      { isGood, detail: text, mend: first.mend },
      ...told.map(({ text: detail, mend }) => ({ isGood, detail, mend })),
    ]
  },
}

/** The first of `keys` that does not go together with the other files; the wrong file looked at would show nothing. */
function apart(patient: Patient, ...keys: readonly string[]): Finding | undefined {
  const facts = { cores: undefined, memoryMb: undefined, keyFiles: [] }
  const found = compareConfigs(patient, facts).find(({ key }) => keys.includes(key))
  if (found === undefined) return undefined
  return bad(`${found.key}: ${found.text}`, `make them the same, then systemctl restart ${UNITS.join(' ')}`)
}

const RESTART_MONITOR = 'systemctl restart lxc_monitor; journalctl -u lxc_monitor -n 20'

export const freshData: Check = {
  name: 'data',
  async look(patient) {
    const { monitor, model, nowMs } = patient
    if (monitor === undefined || model === undefined) return unseen('the configuration cannot be used')
    const mismatch = apart(patient, 'data_file')
    if (mismatch !== undefined) return mismatch
    const { export_file: file, check_interval: intervalS } = monitor.monitoring
    const limitS = model.max_metrics_age_seconds ?? 3 * intervalS
    try {
      const found = await stat(file)
      if (!found.isFile())
        return bad(`${file} is not a regular file`, `${asideMend(file)}; systemctl restart lxc_monitor`)
      const ageS = Math.round((nowMs - found.mtimeMs) / 1_000)
      return ageS <= limitS
        ? good(`${file} is ${ageS} s old`)
        : bad(`${file} is ${ageS} s old; nothing is decided on data older than ${limitS} s`, RESTART_MONITOR)
    } catch (error) {
      return bad(`${file}: ${errorMessage(error)}`, RESTART_MONITOR)
    }
  },
}

export const apiAnswers: Check = {
  name: 'API',
  async look(patient) {
    const { client, api } = patient
    try {
      const { status, checks } = await client.health()
      const failed = Object.entries(checks).filter(([name, { ok }]) => !ok && !SAID_ELSEWHERE.has(name))
      if (failed.length > 0) return failed.map(([name, { detail }]) => bad(`${name}: ${detail}`, mendOf(name, api)))
      return good(status === 'healthy' ? status : 'answers')
    } catch (error) {
      return apart(patient, 'api.api_url') ?? apiFailure(error)
    }
  },
}

/** What the API looks at, and this command itself. */
const SAID_ELSEWHERE: ReadonlySet<string> = new Set(['deciding', 'metrics_file'])

/** What mends a check of GET /health/check. */
function mendOf(name: string, api: Patient['api']): string {
  switch (name) {
    case 'lxc_commands':
      if (api?.lxc.backend === 'rest') return 'see what is said of the REST interface'
      return 'systemctl restart lxc_autoscale_pct.socket; journalctl -t lxc_autoscale_pct -n 20'
    case 'pve_files':
      return 'pvecm status; when it does not answer: systemctl restart pve-cluster'
    case 'audit_log':
      return `df -h ${api?.state.directory ?? ''}; systemd-tmpfiles --create lxc-autoscale-ml.conf`
    default:
      return 'journalctl -u lxc_autoscale_api -n 50'
  }
}

function apiFailure(error: unknown): Finding {
  if (!(error instanceof AutoscaleError)) throw error
  return error.code === 'SCALING_API_MALFORMED'
    ? bad(
        `something else answers there: ${error.message}`,
        'another program has the port (ss -ltnp): stop it, or change server.port and api.api_url',
      )
    : bad(error.message, 'systemctl restart lxc_autoscale_api || journalctl -u lxc_autoscale_api -n 50')
}

export const rawLimits: Check = {
  name: 'raw limits',
  async look({ client }) {
    try {
      const { containers } = await client.configs()
      const pinned = containers.flatMap(({ lxc_id, raw_limits: { cores, memory } }) => {
        const lines = [cores, memory].filter(line => line !== null)
        return lines.length === 0 ? [] : [`${lxc_id} (${lines.join(', ')})`]
      })
      if (pinned.length === 0) return good('no container is pinned by raw LXC configuration')
      const mend = 'to have one sized, remove the line from /etc/pve/lxc/ID.conf and restart the container'
      return { ...good(`not sized, as raw LXC configuration settles it: ${pinned.join('; ')}`), mend }
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      return unseen(error.message)
    }
  },
}

export const keysMatch: Check = {
  name: 'API key',
  async look({ client, api, model }) {
    if (api?.authentication.enabled === false) return good('authentication is off')
    if (model === undefined) return unseen('the configuration cannot be used')
    const key = keyOfModel(model)
    if (typeof key !== 'string') return key
    try {
      await client.withKey(key).configs()
      return good('the key of the model is accepted')
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      if (error.code !== 'UNAUTHORIZED' && error.code !== 'FORBIDDEN') return unseen(error.message)
      return bad(`the key of the model is refused: ${error.message}`, keyMend(model, api))
    }
  },
}

/** The key that the model sends, or why it has none. */
function keyOfModel({ api: { api_key, api_key_file: file } }: ModelConfig): string | Finding {
  const reread = 'systemctl reload lxc_autoscale_api; systemctl restart lxc_autoscale_ml'
  const line = `model:scale:$(od -An -vtx1 -N32 /dev/urandom | tr -d ' \\n')`
  const make = `install -m 640 -g lxc-autoscale <(echo "${line}") ${file}; ${reread}`
  try {
    const key = api_key ?? readApiKey(file)
    if (key !== undefined) return key
  } catch (error) {
    if (!(error instanceof AutoscaleError)) throw error
    const isOfLines = error.cause instanceof ConfigError
    return bad(
      error.message,
      isOfLines ? `write that line (KEY: openssl rand -hex 32), then ${reread}` : `rm -r ${file}; ${make}`,
    )
  }
  if (file !== '') return bad(`${file} holds no key`, make)
  return bad(
    'api.api_key_file is empty, and there is no api.api_key',
    `set one in lxc_autoscale_ml.yaml, then ${reread}`,
  )
}

/** The API knows another key than the model sends. */
function keyMend({ api: { api_key, api_key_file } }: ModelConfig, api: Patient['api']): string {
  const file = api?.authentication.key_file
  if (api_key !== undefined) return `api.api_key of lxc_autoscale_ml.yaml must be a key of the API: one of ${file} is`
  if (file === undefined || file === api_key_file) return 'systemctl reload lxc_autoscale_api lxc_autoscale_ml'
  return `lxc_autoscale_ml.yaml has api.api_key_file ${api_key_file}, lxc_autoscale_api.yaml has authentication.key_file ${file}: make them one, then systemctl reload lxc_autoscale_api lxc_autoscale_ml`
}
