import { existsSync } from 'node:fs'
import { basename, isAbsolute, join } from 'node:path'

/** The environment variable that names the folder of the bundled programs, where they have been made. */
export const BUNDLES_VARIABLE = 'LXC_AUTOSCALE_BUNDLES'

/** The environment variable that names the Node.js for our programs, where it is another one than that of the tests. */
export const NODE_VARIABLE = 'LXC_AUTOSCALE_NODE'

const checkout = join(import.meta.dirname, '..', '..')

/**
 * The file that starts a program.
 * @param bin for example `model/bin/lxc-autoscale-ml.mjs`, or the whole path of a file that is not below packages/
 * @param root of the repository, for who is not where this file is
 */
export function programFile(bin: string, root = checkout): string {
  if (isAbsolute(bin)) return bin
  const bundled = join(process.env[BUNDLES_VARIABLE] ?? '', basename(bin))
  return existsSync(bundled) ? bundled : join(root, 'packages', bin)
}

/** The Node.js that runs our programs. */
export function nodeFile(): string {
  return process.env[NODE_VARIABLE] ?? process.execPath
}
