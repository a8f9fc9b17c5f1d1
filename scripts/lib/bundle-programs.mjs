import { basename, join } from 'node:path'
import { dashboardDirectory } from '../../packages/dashboard/index.mjs'
import { bundleProgram } from '../package/bundle.mjs'
import { PROGRAMS } from '../package/programs.mjs'

/** Bundles all programs as the package does, each under the name of its file, into `folder`. */
export async function bundlePrograms(folder) {
  await Promise.all(
    PROGRAMS.map(({ entry }) =>
      bundleProgram({ entry, outfile: join(folder, basename(entry)), dashboard: dashboardDirectory }),
    ),
  )
}

// node scripts/lib/bundle-programs.mjs FOLDER
if (process.argv[1] === import.meta.filename) await bundlePrograms(process.argv[2])
