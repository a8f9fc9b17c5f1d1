import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const sourceCondition = '@lxc-autoscale/source'
const fixedSeed = join(import.meta.dirname, 'fixed-seed.ts')
const bundlePrograms = join(import.meta.dirname, 'bundle-programs.ts')
/** The other projects run our programs on the Node.js that runs the tests: between them, each program meets both. */
const carriedNode = join(import.meta.dirname, 'carried-node.ts')

/** One Vitest project per kind of test; `unit` needs nothing built, `e2e` runs the built daemons. */
function project(name: string, testTimeoutMs: number, setup: string[] = []) {
  return {
    root: import.meta.dirname,
    resolve: { conditions: [sourceCondition] },
    ssr: { resolve: { conditions: [sourceCondition] } },
    test: {
      name,
      include: [`${name}/**/*.test.ts`],
      globalSetup: setup,
      setupFiles: [fixedSeed],
      // Tests share nothing but modules, which hold no state, and are loaded once so.
      isolate: false,
      // What runs processes depends on the machine. A test that is right at its second try is counted, and named as unsteady.
      retry: setup.length > 0 ? 1 : 0,
      testTimeout: testTimeoutMs,
      hookTimeout: testTimeoutMs,
    },
  }
}

export default defineConfig({
  test: {
    // By default one less than there are cores; most of the time these tests wait for processes.
    maxWorkers: 2,
    projects: [
      project('unit', 60_000),
      project('contract', 120_000, [bundlePrograms]),
      project('simulation', 240_000),
      project('faults', 240_000, [bundlePrograms, carriedNode]),
      project('e2e', 180_000, [bundlePrograms, carriedNode]),
      project('watch', 180_000, [bundlePrograms]),
      project('dashboard', 180_000, [bundlePrograms]),
      project('demo', 400_000, [bundlePrograms]),
    ],
  },
})
