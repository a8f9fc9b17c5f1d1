import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** The folder with prometheus and promtool; undefined where they cannot be had, see scripts/lib/fetch-prometheus.sh. */
export const PROMETHEUS_FOLDER = process.env['LXC_AUTOSCALE_PROMETHEUS']
export const RULES_FILE = join(import.meta.dirname, '..', '..', 'config', 'prometheus', 'lxc-autoscale.rules.yml')

/** Runs `promtool WORDS`; gives the exit code and all that it printed. */
export function promtool(
  words: readonly string[],
  input = '',
): { readonly exitCode: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync(join(PROMETHEUS_FOLDER ?? '', 'promtool'), words, {
    input,
    encoding: 'utf8',
  })
  return { exitCode: status, text: `${stdout}${stderr}` }
}
