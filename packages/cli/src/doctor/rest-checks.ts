import { existsSync } from 'node:fs'
import { AutoscaleError, systemClock } from '@lxc-autoscale/core'
import { execa } from 'execa'
import { bad, type Check, type Finding, good, type Patient, unseen } from './check.ts'

const COMMAND_TIMEOUT_MS = 10_000

/** Runs as root what the API asks of pct. Source: the package. */
const HELPER = '/usr/lib/lxc-autoscale-ml/pct-helper'
const HELPER_SOCKET = 'lxc_autoscale_pct.socket'

/** Whether Proxmox is driven by its REST interface. */
export function isByRest({ api }: Pick<Patient, 'api'>): boolean {
  return api?.lxc.backend === 'rest'
}

/** Answers, shows the right certificate, accepts the token; and what the token may. Nothing where pct is used. */
export const restInterface: Check = {
  name: 'REST interface',
  async look({ api }) {
    if (api === undefined || !isByRest({ api })) return []
    const { askTokenPermissions, missingFor, neededByNothing, REST_FEATURES } = await import('@lxc-autoscale/api')
    try {
      const { tokenId, permissions } = await askTokenPermissions(api.lxc.rest, systemClock)
      const answers = `${api.lxc.rest.url} answers to ${tokenId}`
      const lacks = missingFor('scaling', permissions)
      if (lacks.length > 0) return bad(`${answers}, which lacks ${lacks.join(', ')}`, SETUP)
      const others = REST_FEATURES.filter(feature => missingFor(feature, permissions).length > 0)
      const without = others.length === 0 ? '' : `; for ${others.join(', ')}: lxc-autoscale setup-token --with`
      const ability = good(`${answers}, which may do what sizing needs${without}`)
      return [ability, ...tooMuch(neededByNothing(permissions))]
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      return bad(error.message, mendOf(error))
    }
  },
}

const SETUP = 'lxc-autoscale setup-token --run; systemctl reload lxc_autoscale_api'

function tooMuch(names: readonly string[]): Finding[] {
  if (names.length === 0) return []
  return [bad(`the token may more than anything here needs: ${names.join(', ')}`, `make one that may not: ${SETUP}`)]
}

function mendOf({ code }: AutoscaleError): string {
  if (code !== 'REST_UNREACHABLE') return SETUP
  return 'systemctl status pveproxy; compare lxc.rest.url, ca_file and fingerprint with: openssl x509 -noout -fingerprint -sha256 -ext subjectAltName -in /etc/pve/local/pve-ssl.pem'
}

/** With the REST interface nothing of ours has to run as root. */
export const rootHelper: Check = {
  name: 'root helper',
  async look(patient) {
    if (!isByRest(patient)) return []
    const { stdout, failed } = await execa('systemctl', ['is-active', HELPER_SOCKET], {
      reject: false,
      timeout: COMMAND_TIMEOUT_MS,
    })
    const remove = 'lxc-autoscale setup-token --remove-helper'
    if (!failed && stdout.trim() === 'active') return bad(`${HELPER_SOCKET} still hands commands to root`, remove)
    if (existsSync(HELPER)) return bad(`${HELPER} is still there, which is not needed`, remove)
    return existsSync('/run/systemd/system')
      ? good('not installed: no unit runs as root')
      : unseen('systemd does not run here')
  },
}
