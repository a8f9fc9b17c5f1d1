import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { dashboardDirectory } from '@lxc-autoscale/dashboard'
import { BUNDLES_VARIABLE } from './fakes/program-file.ts'

const scripts = join(import.meta.dirname, '..', 'scripts', 'package')

/**
 * Before the tests that run programs: bundles them as the package does. So the tests run what people install, and each start
 * takes half as long.
 */
export default async function setup(): Promise<() => void> {
  const [{ bundleProgram }, { PROGRAMS }] = await Promise.all([
    import(join(scripts, 'bundle.mjs')),
    import(join(scripts, 'programs.mjs')),
  ])
  const folder = mkdtempSync(join(tmpdir(), 'lxc-autoscale-programs-'))
  await Promise.all(
    PROGRAMS.map(({ entry }: { entry: string }) =>
      bundleProgram({ entry, outfile: join(folder, basename(entry)), dashboard: dashboardDirectory }),
    ),
  )
  process.env[BUNDLES_VARIABLE] = folder
  return () => rmSync(folder, { recursive: true })
}
