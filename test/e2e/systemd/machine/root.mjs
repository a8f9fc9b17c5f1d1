import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const CACHE = process.env.LXC_AUTOSCALE_E2E_CACHE ?? '/var/cache/lxc-autoscale-ml-e2e'
const script = join(import.meta.dirname, 'build-root.sh')

/** The folder with the root file system of Debian `suite`; it is kept, and made anew when the way it is made changes. */
export async function buildRoot(suite) {
  const recipe = createHash('sha256').update(readFileSync(script)).digest('hex').slice(0, 12)
  const root = join(CACHE, `${suite}-${recipe}`)
  await promisify(execFile)(script, [suite, root])
  return root
}
