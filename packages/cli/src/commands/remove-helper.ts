import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { AutoscaleError, replaceFile } from '@lxc-autoscale/core'
import { execa } from 'execa'
import type { Terminal } from '../output/terminal.ts'

const COMMAND_TIMEOUT_MS = 60_000
/** What of the package runs as root. */
const FILES = [
  '/usr/lib/lxc-autoscale-ml/pct-helper',
  '/usr/lib/systemd/system/lxc_autoscale_pct.socket',
  '/usr/lib/systemd/system/lxc_autoscale_pct@.service',
]
/** dpkg leaves out what it names, also at the next upgrade. Source: dpkg(1), --path-exclude. */
const EXCLUDES = '/etc/dpkg/dpkg.cfg.d/lxc-autoscale-ml-without-root'

/**
 * Takes the helper off this host, for good: it is not put in again by an upgrade.
 * @throws {AutoscaleError} STATE_NOT_ALLOWED while the API needs it
 */
export async function removeHelper(backend: 'pct' | 'rest', terminal: Terminal): Promise<void> {
  if (backend !== 'rest') {
    throw new AutoscaleError(
      'STATE_NOT_ALLOWED',
      'lxc.backend is pct: without the helper the API could not run it; set it to rest first',
    )
  }
  const isSystemd = existsSync('/run/systemd/system')
  if (isSystemd) await systemctl('stop', 'lxc_autoscale_pct.socket', 'lxc_autoscale_pct@*.service')
  await replaceFile(
    EXCLUDES,
    FILES.map(file => `path-exclude=${file}\n`),
    0o644,
  )
  for (const file of FILES) await rm(file, { force: true })
  if (isSystemd) await systemctl('daemon-reload')
  terminal.write(
    `the helper is gone, and no unit runs as root. To have it back: rm ${EXCLUDES}; apt-get install --reinstall lxc-autoscale-ml`,
  )
}

/** A unit that is not there is stopped. */
async function systemctl(...words: readonly string[]): Promise<void> {
  await execa('systemctl', words, { reject: false, stdin: 'ignore', timeout: COMMAND_TIMEOUT_MS })
}
