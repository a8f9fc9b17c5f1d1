import { stat } from 'node:fs/promises'
import { AutoscaleError, errorMessage } from '@lxc-autoscale/core'
import { bad, type Check, type Finding, good, unseen } from './check.ts'

export const freshData: Check = {
  name: 'data',
  async look({ monitor, model, nowMs }) {
    if (monitor === undefined || model === undefined) return unseen('the configuration cannot be used')
    const { export_file: file, check_interval: intervalS } = monitor.monitoring
    if (file !== model.data_file) {
      return bad(
        `lxc_monitor writes ${file}, lxc_autoscale_ml reads ${model.data_file}`,
        'make monitoring.export_file and data_file the same',
      )
    }
    const limitS = model.max_metrics_age_seconds ?? 3 * intervalS
    try {
      const ageS = Math.round((nowMs - (await stat(file)).mtimeMs) / 1_000)
      return ageS <= limitS
        ? good(`${file} is ${ageS} s old`)
        : bad(
            `${file} is ${ageS} s old; nothing is decided on data older than ${limitS} s`,
            'journalctl -u lxc_monitor -n 50',
          )
    } catch (error) {
      return bad(`${file}: ${errorMessage(error)}`, 'systemctl start lxc_monitor')
    }
  },
}

export const apiAnswers: Check = {
  name: 'API',
  async look({ client }) {
    try {
      const { status, checks } = await client.health()
      const failed = Object.entries(checks).filter(([, { ok }]) => !ok)
      return failed.length === 0
        ? good(status)
        : bad(
            failed.map(([name, { detail }]) => `${name}: ${detail}`).join('; '),
            'journalctl -u lxc_autoscale_api -n 50',
          )
    } catch (error) {
      return apiFailure(error)
    }
  },
}

function apiFailure(error: unknown): Finding {
  if (!(error instanceof AutoscaleError)) throw error
  return error.code === 'SCALING_API_MALFORMED'
    ? bad(
        `something else answers there: ${error.message}`,
        'another program has the port (ss -ltnp): stop it, or change server.port and api.api_url',
      )
    : bad(error.message, 'systemctl start lxc_autoscale_api; journalctl -u lxc_autoscale_api -n 50')
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
  async look({ client, api }) {
    if (api?.authentication.enabled === false) return good('authentication is off')
    try {
      await client.configs()
      return good('the key of the model is accepted')
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      if (error.code === 'UNAUTHORIZED' || error.code === 'FORBIDDEN') {
        return bad(
          `the key of the model is refused: ${error.message}`,
          'the first plain key in api.api_key_file (model) must be one of authentication.key_file or api_keys (API)',
        )
      }
      return unseen(error.message)
    }
  },
}
