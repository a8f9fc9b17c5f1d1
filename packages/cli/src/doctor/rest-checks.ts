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
      const others = REST_FEATURES.filter(feature => missingFor(feature, permissions).length > 0)
      const setup = setupText(REST_FEATURES.filter(feature => feature !== 'scaling' && !others.includes(feature)))
      if (lacks.length > 0) return bad(`${answers}, which lacks ${lacks.join(', ')}`, setup)
      const without = others.length === 0 ? '' : `; not for ${others.join(', ')} (lxc-autoscale setup-token --with)`
      const ability = good(`${answers}, which may do what sizing needs${without}`)
      return [ability, ...tooMuch(neededByNothing(permissions), setup)]
    } catch (error) {
      if (!(error instanceof AutoscaleError)) throw error
      return bad(error.message, mendOf(error, api.lxc.rest))
    }
  },
}

/** Makes the token anew, with what it is for beside sizing: what is not named is taken from it. */
function setupText(features: readonly string[], option = ''): string {
  const named = features.length === 0 ? '' : ` --with ${features.join(',')}`
  return `lxc-autoscale setup-token --run${option}${named}; systemctl reload lxc_autoscale_api`
}

type RestPlace = Pick<NonNullable<Patient['api']>['lxc']['rest'], 'token_file'>

function tooMuch(names: readonly string[], setup: string): Finding[] {
  if (names.length === 0) return []
  return [bad(`the token may do more than anything here needs: ${names.join(', ')}`, `make one that may not: ${setup}`)]
}

function mendOf({ code, message }: AutoscaleError, { token_file: file }: RestPlace): string {
  if (code === 'REST_NOT_ALLOWED') return `with the --with that it had: ${setupText([], ' --renew')}`
  if (message.startsWith(`${file}: can be read`)) return `chmod 0640 ${file}`
  if (message.startsWith(file)) return setupText([])
  if (code !== 'REST_UNREACHABLE') return 'set lxc.rest in lxc_autoscale_api.yaml: lxc-autoscale config check'
  return 'systemctl status pveproxy; compare lxc.rest.url, ca_file and fingerprint with: openssl x509 -noout -enddate -fingerprint -sha256 -ext subjectAltName -in /etc/pve/local/pve-ssl.pem'
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
