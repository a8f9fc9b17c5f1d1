import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CommandResult, type DaemonName, PretendInstallation } from '../fakes/pretend-installation.ts'
import { nodeFile, programFile } from '../fakes/program-file.ts'

const root = join(import.meta.dirname, '..', '..')
const PAGES = ['README.md', ...readdirSync(join(root, 'docs')).map(name => `docs/${name}`)].filter(name =>
  name.endsWith('.md'),
)

/** What a block may need that is not here. */
const NEEDS = ['a Proxmox host']
/** Blocks that take too long here, or would run themselves: the test that runs the same command. */
const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
  './scripts/demo --duration 120': 'test/demo/demo.test.ts',
  './scripts/test': '.ci/run',
}
const OLD_FILE = '/etc/lxc_autoscale/lxc_autoscale.yaml'

interface Block {
  /** `page:line` of its first line. */
  readonly place: string
  readonly language: string
  readonly text: string
  /** What it says that it needs. */
  readonly needs: string | undefined
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/(?:^<!-- needs: ([^\n]*) -->\n)?^```(\w+)\n(.*?)^```$/gms)].map(match => ({
    place: `${page}:${text.slice(0, match.index).split('\n').length}`,
    needs: match[1],
    language: match[2] ?? '',
    text: match[3] ?? '',
  }))
}

const blocks = PAGES.flatMap(blocksOf)
const scripts = blocks.filter(({ language, text }) => language === 'sh' && !(text.trim() in RUN_ELSEWHERE))

let host: PretendInstallation
let ports: { monitor: number; model: number }

beforeAll(async () => {
  host = await PretendInstallation.create(
    [
      {
        vmid: 101,
        shape: 'steady',
        hostname: 'shop',
        cores: 1,
        memoryMb: 2_048,
        load: { baseCores: 2.6, peakCores: 3 },
      },
      { vmid: 102, shape: 'idle', hostname: 'wiki' },
    ],
    1,
  )
  host.moveLoads(1)
  await host.startApi()
  ports = { monitor: await freePort(), model: await freePort() }
  host.configure('monitor', { metrics: { port: ports.monitor } })
  host.configure('model', { metrics: { port: ports.model } })
  host.start('monitor')
  await host.start('model').says(/container scaled.*vmid=101/)
  writeCommands()
})
afterAll(() => host.remove())

function freePort(): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolvePort(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

/** `lxc-autoscale` as the package installs it, but for the place of its files; what LXC AutoScale left beside it. */
function writeCommands(): void {
  const bin = join(host.directory, 'bin')
  mkdirSync(bin)
  const program = programFile('cli/bin/lxc-autoscale.mjs')
  const takesFolder =
    'preview|status|explain|history|undo|ignore|mode|boost|doctor|config\\ check|config\\ show|config\\ diff'
  writeFileSync(
    join(bin, 'lxc-autoscale'),
    `#!/usr/bin/env bash\nfolder=()\ncase "$1 $2 " in\n${takesFolder.replaceAll('|', '\\ *|')}\\ *) folder=(--config-dir ${host.configDir}) ;;\nesac\nexec ${nodeFile()} ${program} "$@" "\${folder[@]}"\n`,
    { mode: 0o755 },
  )
  writeFileSync(join(host.directory, 'lxc_autoscale.yaml'), 'DEFAULT:\n  max_cores: 4\n')
}

/** The words of the pages in the terms of the pretend host. */
function substituted(text: string, change: string): string {
  const written = join(host.directory, 'migrated', 'lxc_autoscale_ml.yaml')
  return [
    [`--write /etc/lxc_autoscale_ml/lxc_autoscale_ml.yaml`, `--write ${written}`],
    [OLD_FILE, join(host.directory, 'lxc_autoscale.yaml')],
    ['/etc/lxc_autoscale_ml', host.configDir],
    ['/var/log/lxc_metrics.json', host.metricsFile],
    ['http://127.0.0.1:5000', host.apiUrl],
    ['127.0.0.1:9105', `127.0.0.1:${ports.monitor}`],
    ['127.0.0.1:9106', `127.0.0.1:${ports.model}`],
    ['curl -s', 'curl --silent --fail --show-error'],
    ['sudo ', ''],
    ['undo CHANGE', `undo ${change}`],
  ].reduce((changed, [from = '', to = '']) => changed.replaceAll(from, to), text)
}

/** Runs a block as a person who types it; any command that fails ends it. */
async function run(text: string): Promise<CommandResult> {
  mkdirSync(join(host.directory, 'migrated'), { recursive: true })
  const change = text.includes('undo CHANGE') ? await newestChange() : ''
  const env = { ...process.env, PATH: `${join(host.directory, 'bin')}:${host.host.paths.bin}:${process.env['PATH']}` }
  const script = `set -euo pipefail\n${substituted(text, change)}`
  return new Promise(done => {
    execFile('bash', ['-c', script], { env, cwd: host.directory }, (error, stdout, stderr) =>
      done({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

/** The model must not change the container once more before it is taken back. */
async function newestChange(): Promise<string> {
  const words = ['--config-dir', host.configDir]
  await host.command(['ignore', '101', '--for', '1h', ...words])
  const endMs = Date.now() + 60_000
  for (;;) {
    const { stdout } = await host.command(['explain', '101', ...words])
    if (stdout.includes('left alone until') || stdout.includes('a person changed its size')) break
    if (Date.now() > endMs) throw new Error(`the model did not pause:\n${stdout}`)
  }
  const { stdout } = await host.command(['history', '101', '--json', ...words])
  const entries: { id: string; action: string; outcome: string }[] = JSON.parse(stdout)
  return entries.find(({ action, outcome }) => action === 'scale' && outcome === 'applied')?.id ?? 'none'
}

describe('the commands of the pages', () => {
  test.each(scripts)('$place runs, or says what it needs', async ({ text, needs }) => {
    if (needs !== undefined) {
      expect(NEEDS).toContain(needs)
      return
    }
    const result = await run(text)
    expect({ script: text, ...result }).toMatchObject({ exitCode: 0 })
    expect(`${result.stdout}${result.stderr}`).not.toMatch(/"status":"error"|undefined|\[object/)
  })

  test('are run by another test where they are not run here', () => {
    const texts = blocks.map(({ text }) => text.trim())
    for (const [command, place] of Object.entries(RUN_ELSEWHERE)) {
      expect(texts).toContain(command)
      expect(readFileSync(join(root, place), 'utf8')).toContain(command.split(' ')[0]?.replace('./', ''))
    }
  })

  test('do not pass when one of them fails', async () => {
    expect((await run('lxc-autoscale explain 999\nlxc-autoscale status\n')).exitCode).toBe(1)
    expect((await run('lxc-autoscale no-such-command\n')).exitCode).toBe(2)
  })
})

describe('the settings of the pages', () => {
  const FILES: Readonly<Record<string, DaemonName>> = {
    'lxc_monitor.yaml': 'monitor',
    'lxc_autoscale_ml.yaml': 'model',
    'lxc_autoscale_api.yaml': 'api',
  }
  const settings = blocks.filter(({ language }) => language === 'yaml')

  test.each(settings)('$place is accepted by its daemon', async ({ text }) => {
    const [, named = 'lxc_autoscale_ml.yaml'] = /^# (\S+\.yaml)$/m.exec(text) ?? []
    const name = FILES[named]
    if (name === undefined) throw new Error(`the first line must name the file, not ${named}`)
    const file = join(host.directory, named)
    writeFileSync(file, text)
    const daemon = host.run(name, '--check-config', '--config', file)
    expect({ exitCode: await daemon.ended(), output: daemon.output }).toEqual({ exitCode: 0, output: `${file}: ok\n` })
  })
})

describe('the facts of the pages', () => {
  test('every metric that they name is served', async () => {
    const served = await Promise.all(
      [host.apiUrl, `http://127.0.0.1:${ports.monitor}`, `http://127.0.0.1:${ports.model}`].map(async url => {
        const answer = await fetch(`${url}/metrics`)
        return answer.text()
      }),
    )
    const names = new Set([...served.join('\n').matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name))
    const former = /^## Names of the Python predecessor$.*?(?=^## )/ms
    const text = PAGES.map(page => readFileSync(join(root, page), 'utf8').replace(former, '')).join('\n')
    const named = [
      ...text.matchAll(
        /\blxc_(?:monitor|host|container|autoscale_(?:model|api|changes?|deciding|container))_[a-z_\d]+\b/g,
      ),
    ]
    const metrics = named
      .map(([name]) => name.replace(/_bucket$/, ''))
      .filter(name => !/\.(yaml|service|log)$/.test(name))
    expect(metrics.length).toBeGreaterThan(20)
    expect(metrics.filter(name => !names.has(name))).toEqual([])
  })

  test('every link inside the repository leads somewhere', () => {
    const broken = PAGES.flatMap(page => {
      const text = readFileSync(join(root, page), 'utf8')
      return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target = '']) => target)
        .filter(target => !/^[a-z]+:/.test(target) && !leadsSomewhere(page, target))
        .map(target => `${page}: ${target}`)
    })
    expect(broken).toEqual([])
  })
})

function leadsSomewhere(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? join(root, page) : resolve(root, dirname(page), path)
  if (!existsSync(file)) return false
  return anchor === undefined || headings(readFileSync(file, 'utf8')).has(anchor)
}

/** The anchors of a page, as GitHub makes them. */
function headings(text: string): ReadonlySet<string> {
  const titles = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title)
  return new Set(
    titles.map(title =>
      title
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
}
