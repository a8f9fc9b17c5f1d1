import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BUNDLES_VARIABLE } from './fakes/program-file.ts'

const script = join(import.meta.dirname, '..', 'scripts', 'lib', 'bundle-programs.mjs')

/**
 * Before the tests that run programs: bundles them as the package does, unless somebody has done so for several runs. So the tests
 * run what people install, and each start takes half as long.
 */
export default async function setup(): Promise<(() => void) | undefined> {
  if (process.env[BUNDLES_VARIABLE] !== undefined) return undefined
  const { bundlePrograms } = await import(script)
  const folder = mkdtempSync(join(tmpdir(), 'lxc-autoscale-programs-'))
  await bundlePrograms(folder)
  process.env[BUNDLES_VARIABLE] = folder
  return () => rmSync(folder, { recursive: true })
}
