#!/usr/bin/env node
// npm run e2e:systemd -- [--vm] [--figures] [--lintian] [--suite NAME] [--package FILE]
// Installs the package on a throw-away host with a real systemd and real LXC containers, and tries it there.
// --vm        in a virtual machine: cgroup v2 with all controllers; takes minutes, since it is emulated
// --figures   measures memory and CPU of the daemons at 60 containers too
// --lintian   has lintian look at the package too; installing it takes most of a minute
// --suite     the Debian of the host: bullseye, bookworm or trixie (default)
// --package   a package that is there already
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Box } from './machine/box.mjs'
import { installPackages, lintianFindsNoError } from './machine/debian-packages.mjs'
import {
  buildPackage,
  buildPackagesElsewhere,
  differentFiles,
  hasSameBytes,
  makeOlderPackage,
  makeQuickPackage,
} from './machine/packages.mjs'
import { buildRoot } from './machine/root.mjs'
import { VirtualMachine } from './machine/virtual-machine.mjs'
import { Tally } from './tally.mjs'

const GROUPS = [
  'without-proxmox',
  'containers',
  'predecessor',
  'upgrade',
  'folders',
  'units',
  'metrics',
  'scaling',
  'failures',
  'mends',
  'configuration',
  'sandbox',
  'news',
  'remove',
]
/** What is not the same in the packages of two architectures. */
const FILES_OF_ARCHITECTURE = ['usr/lib/lxc-autoscale-ml/node', 'usr/share/doc/lxc-autoscale-ml/sbom.cdx.json.gz']

const VM_GROUPS = ['containers', 'install', 'limits', 'metrics', 'scaling']

const BULLSEYE_GROUPS = [
  'without-proxmox',
  'host',
  'predecessor',
  'upgrade',
  'folders',
  'units',
  'configuration',
  'sandbox',
]

const { values: options } = parseArgs({
  options: {
    vm: { type: 'boolean', default: false },
    figures: { type: 'boolean', default: false },
    lintian: { type: 'boolean', default: false },
    suite: { type: 'string', default: 'trixie' },
    package: { type: 'string' },
  },
})
const startMs = performance.now()
const tally = new Tally()
const work = mkdtempSync(join(tmpdir(), 'lxc-autoscale-e2e-'))
let machine
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    machine?.stop()
    rmSync(work, { recursive: true, force: true })
    process.exit(1)
  })
}
try {
  await run()
} catch (error) {
  tally.add(false, error.message)
} finally {
  rmSync(work, { recursive: true, force: true })
}
console.log(`# in all ${((performance.now() - startMs) / 1_000).toFixed(0)} s`)
console.log(`${tally.passed} passed, ${tally.failed} failed`)
process.exitCode = tally.failed === 0 && tally.passed > 0 ? 0 : 1

async function run() {
  await tally.time('Debian packages', () => installPackages(options))
  const packages = join(work, 'packages')
  mkdirSync(packages)
  const [root] = await Promise.all([
    tally.time('root file system', () => buildRoot(options.suite)),
    tally.time('package', () => makePackages(packages)),
  ])
  if (options.lintian) tally.add(lintianFindsNoError(join(packages, 'current.deb')), 'lintian finds no error')
  const groups = groupsToRun()
  machine = options.vm ? new VirtualMachine({ root, work }) : new Box({ root, work })
  await tally.time(options.vm ? 'virtual machine' : 'box', () =>
    machine.run({ tests: import.meta.dirname, packages, groups, onLine: line => tally.line(line) }),
  )
}

function groupsToRun() {
  if (options.vm) return VM_GROUPS
  if (options.suite === 'bullseye') return BULLSEYE_GROUPS
  return options.figures ? [...GROUPS.slice(0, -1), 'figures', 'remove'] : GROUPS
}

async function makePackages(folder) {
  const current = join(folder, 'current.deb')
  cpSync(options.package ?? (await buildAndCompare()), current)
  for (const name of ['install.sh', 'uninstall.sh']) {
    cpSync(join(import.meta.dirname, '../../../scripts', name), join(folder, name))
  }
  if (options.vm) {
    makeQuickPackage({ current, outfile: join(folder, 'quick.deb') })
    rmSync(current)
  } else makeOlderPackage({ current, outfile: join(folder, 'older.deb') })
}

async function buildAndCompare() {
  if (options.vm) return buildPackage(join(work, 'build'))
  const [own, elsewhere] = await Promise.all([
    buildPackage(join(work, 'build')),
    buildPackagesElsewhere(join(work, 'another-build')),
  ])
  tally.add(
    elsewhere.some(other => hasSameBytes(own, other)),
    'built in another folder under another umask the package has the same bytes',
  )
  const different = elsewhere.flatMap(other => differentFiles(own, other))
  tally.add(
    different.length > 0 && different.every(path => FILES_OF_ARCHITECTURE.includes(path)),
    `the packages of other architectures have another Node.js, and else the same files (${different.join(', ')})`,
  )
  return own
}
