import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { applyMutant } from './apply-mutant.mjs'
import { MUTANTS } from './mutants.mjs'

// Plants one deliberate bug after the other into a copy of the checkout and runs the tests that must notice it.
// usage: npm run prove:mutants [-- --only WORDS] [--json FILE]   exit 1 when a bug survives

const root = join(import.meta.dirname, '..', '..')

const { values: options } = parseArgs({ options: { only: { type: 'string', default: '' }, json: { type: 'string' } } })

function main() {
  const copy = mkdtempSync(join(dirname(root), 'mutants-'))
  const rows = []
  try {
    copyCheckout(copy)
    for (const mutant of MUTANTS.filter(({ name }) => name.includes(options.only))) {
      const row = { name: mutant.name, file: mutant.file, ...tryMutant(copy, mutant) }
      rows.push(row)
      process.stdout.write(`${row.caughtBy ?? 'SURVIVED'} | ${row.name} | ${row.test ?? ''}\n`)
    }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
  const survivors = rows.filter(({ caughtBy }) => caughtBy === undefined)
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(rows, undefined, 2)}\n`)
  for (const { name, file } of survivors) process.stdout.write(`not ok - survived: ${name} (${file})\n`)
  process.stdout.write(`mutants: ${rows.length - survivors.length} passed, ${survivors.length} failed\n`)
  process.exitCode = survivors.length > 0 || rows.length === 0 ? 1 : 0
}

function copyCheckout(copy) {
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0')
  for (const file of tracked.filter(file => file !== '' && existsSync(join(root, file))))
    cpSync(join(root, file), join(copy, file))
  execFileSync('cp', ['-al', 'node_modules', copy], { cwd: root })
  // A bug that leaves a name unused is a bug all the same.
  const tsconfig = join(copy, 'tsconfig.json')
  writeFileSync(tsconfig, readFileSync(tsconfig, 'utf8').replace(/("noUnused\w+"): true/g, '$1: false'))
  spawnSync('npm', ['run', '--silent', 'build'], { cwd: copy, stdio: 'ignore' })
}

/** Which suite caught it, by which test; neither when it survived. */
function tryMutant(copy, mutant) {
  const path = join(copy, mutant.file)
  const mutated = applyMutant(readFileSync(path, 'utf8'), mutant)
  writeFileSync(path, mutated)
  try {
    if (run(copy, ['tsc', '-b']).status !== 0) return { test: 'does not compile, so that it proves nothing' }
    for (const [suite, ...files] of mutant.suites) {
      const test = failingTest(copy, suite, files)
      if (test !== undefined) return { caughtBy: suite, test }
    }
    return {}
  } finally {
    copyFileSync(join(root, mutant.file), path)
  }
}

/** The first test that fails, undefined when none does. */
function failingTest(copy, suite, files) {
  const report = join(copy, 'report.json')
  rmSync(report, { force: true })
  const reporters = ['--reporter=json', `--outputFile.json=${report}`]
  const { status } = run(copy, [
    'vitest',
    'run',
    '--config',
    'test/vitest.config.ts',
    '--project',
    suite,
    '--bail',
    '1',
    ...reporters,
    ...files,
  ])
  if (status === 0) return undefined
  const results = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).testResults : []
  const failed = results.flatMap(({ assertionResults }) => assertionResults).find(({ status }) => status === 'failed')
  const broken = results.find(({ status }) => status === 'failed')
  return (
    failed?.fullName ??
    (broken === undefined ? 'the suite broke' : `${broken.name.slice(copy.length + 1)} could not be loaded`)
  )
}

function run(cwd, args) {
  return spawnSync('npx', args, { cwd, stdio: 'ignore' })
}

main()
