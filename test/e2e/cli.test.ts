import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { VERSION } from '@lxc-autoscale/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CommandResult, PretendInstallation } from '../fakes/pretend-installation.ts'
import { nodeFile } from '../fakes/program-file.ts'

const ESCAPE = '\u001b'
const PATIENCE_MS = 60_000

let host: PretendInstallation

// One running host for all tests: they look at it, or change what no other test looks at.
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
      { vmid: 102, shape: 'idle', hostname: 'wiki', cores: 6, memoryMb: 4_096 },
      { vmid: 103, shape: 'steady', hostname: 'off', running: false },
    ],
    1,
  )
  host.moveLoads(1)
  await host.startApi()
  host.start('monitor')
  const model = host.start('model')
  await model.says(/container scaled.*vmid=101/)
  await model.says(/container scaled.*vmid=102/)
})
afterAll(() => host.remove())

/** An empty folder that goes with the host. */
function folder(): string {
  return mkdtempSync(join(host.directory, 'test-'))
}

/** Runs a command with the configuration of the running host. */
function run(...words: string[]): Promise<CommandResult> {
  return host.command([...words, '--config-dir', host.configDir])
}

/** What a command that must succeed prints. */
async function said(...words: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(...words)
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return stdout
}

// biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever was printed
async function json(...words: string[]): Promise<any> {
  return JSON.parse(await said(...words, '--json'))
}

async function until<Answer>(look: () => Promise<Answer | undefined>): Promise<Answer> {
  const endMs = Date.now() + PATIENCE_MS
  for (;;) {
    const answer = await look()
    if (answer !== undefined) return answer
    if (Date.now() > endMs) throw new Error(`not within ${PATIENCE_MS / 1_000} s: ${look}`)
  }
}

describe.concurrent('status', () => {
  test('shows what each container has and uses, and how the model does', async () => {
    const [model, headings, ...rows] = (await said('status')).trimEnd().split('\n')
    expect(model).toMatch(/^deciding: the last cycle ended \d+ s ago, 2 containers$/)
    expect(headings).toMatch(/^ID +NAME +STATE +CORES +USED +MEMORY MB +USED +MODE +LAST CHANGE +NOW$/)
    expect(rows).toHaveLength(3)
    expect(rows[0]).toMatch(/^101 +shop +running +\d/)
    expect(rows[2]).toMatch(/^103 +off +stopped/)
    expect(rows[0]).toMatch(/model \d+ s ago: \d/)
  })

  test('is sorted by a column, and shows as many as asked for', async () => {
    const first = async (...words: string[]) => (await json('status', '--top', '1', ...words)).containers[0].lxc_id
    expect(await first('--sort', 'cores-used')).toBe(101)
    expect(await first('--sort', 'name')).toBe(103)
    expect((await run('status', '--sort', 'colour')).exitCode).toBe(2)
  })

  test('gives the same as JSON', async () => {
    const { containers, model } = await json('status')
    expect(containers.map(({ lxc_id }: { lxc_id: number }) => lxc_id)).toEqual([101, 102, 103])
    expect(model.cycle.outcome).toBe('decided')
  })

  test('does not fail when its reader has seen enough', async () => {
    const words = [join(import.meta.dirname, '../../packages/cli/bin/lxc-autoscale.mjs'), 'config', 'reference']
    const child = spawn(nodeFile(), words, { stdio: ['ignore', 'pipe', 'pipe'] })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', text => {
      stderr += text
    })
    child.stdout.destroy()
    const exitCode = await new Promise(resolve => child.on('close', resolve))
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  })
})

describe.concurrent('preview', () => {
  test('tells what would have been done with what Proxmox has kept, of the containers that run', async () => {
    const { containers, left_out: leftOut, settings_file: file } = await json('preview', '--days', '1')
    expect(containers.map(({ lxc_id }: { lxc_id: number }) => lxc_id)).toEqual([101, 102])
    expect(leftOut).toEqual([])
    expect(file).toBe(host.configFile('model'))
    const [shop, wiki] = containers
    expect(shop).toMatchObject({ name: 'shop', cores: { is_sized: true } })
    expect(shop.known.at(-1)).toMatchObject({ step_seconds: 60 })
    expect(shop.cores.used_peak).toBeGreaterThan(0.5)
    expect(wiki.memory_mb.freed_hours).toBeGreaterThan(0)
    expect(wiki.curves.memory_would_mb).toHaveLength(wiki.curves.cores_used.length)
  })

  test('is told in a table, and as a page that holds all it needs', async () => {
    const page = join(folder(), 'preview.html')
    const text = await said('preview', '--days', '1', '--html', page)
    expect(text).toMatch(/^101 +shop +cores +[▁-█ ]+\d/m)
    expect(text).toMatch(/^In all \(2 containers\), on average:$/m)
    const html = readFileSync(page, 'utf8')
    expect(html).toMatch(/<script type="application\/json" id="preview">\{"made_at":/)
    expect(html).not.toMatch(/(?:src|href)="|%\w+%/)
  })

  test('says what is wrong with what it is asked before it looks', async () => {
    const { exitCode, stderr } = await run('preview', '--days', '61')
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('must be at most 60') })
    expect((await run('preview', '--html', '/no-such-folder/page.html')).stderr).toContain('there is no such folder')
    expect((await run('preview', '--html', '/dev/null')).stderr).toContain('is no regular file')
  })
})

describe.concurrent('explain', () => {
  test('gives the facts, the decision with its reasons, the policy in words, and where each setting comes from', async () => {
    const text = await said('explain', '102')
    expect(text).toMatch(/^container 102 \(wiki\): \d cores?, \d+ MB, mode auto$/m)
    expect(text).toMatch(/^ {2}measured \d+ s ago: .* cores used .* memory .* cannot be reclaimed$/m)
    expect(text).toMatch(/^decision \(threshold, \d+ s ago\): /m)
    expect(text).toMatch(/^ {2}cores: .*% of the allocation used/m)
    expect(text).toMatch(/^ {2}max_cpu_cores +8 +the host$/m)
    expect(text).toMatch(/^ {2}cpu_unit +cores +default$/m)
    expect(text).toMatch(/^last change \(\d+ s ago, by model\): .* -> .*: applied$/m)
    expect(text).not.toMatch(/undefined|\[object|NaN/)
  })

  test('gives the same as JSON', async () => {
    const report = await json('explain', '102')
    expect(report).toMatchObject({
      vmid: 102,
      name: 'wiki',
    })
    expect(report.settings).toContainEqual({ key: 'policy', value: 'threshold', from: 'scaling' })
  })

  test('names the containers that there are when asked for another one', async () => {
    const { exitCode, stderr } = await run('explain', '103')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('knows no container 103; it knows those that run and are measured: 101, 102')
  })
})

describe('history and undo', () => {
  test('the history says what was changed, by whom and why, newest first', async () => {
    const entries = await json('history')
    const times = entries.map(({ time }: { time: string }) => time)
    expect(times).toEqual([...times].sort().reverse())
    expect(entries[0]).toMatchObject({ action: 'scale', outcome: 'applied', who: { key: 'model' } })
    const text = await said('history', '101', '--limit', '2')
    expect(text).toMatch(/^CHANGE +TIME +ID +WHAT +BEFORE +AFTER +OUTCOME +WHO +WHY$/m)
    expect(text).not.toMatch(/ 102 +scale/)
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(3)
  })

  test('goes back no further than asked', async () => {
    expect(await json('history', '--since', '1d')).not.toEqual([])
    expect(await json('history', '103')).toEqual([])
    expect(await said('history', '103')).toBe('no change of container 103 is known\n')
    expect(await said('history', '103', '--since', '90m')).toBe(
      'no change of container 103 in the last 90 min is known\n',
    )
  })

  test('the newest change is taken back, and the model takes that for the will of a person', async () => {
    await said('ignore', '102', '--for', '1h')
    await until(async () => ((await said('explain', '102')).includes('left alone until') ? true : undefined))
    const isScale = ({ action }: { action: string }) => action === 'scale'
    const [newest, older] = (await json('history', '102')).filter(isScale)
    const row = (await said('history', '102')).split('\n').find(line => line.includes(' scale '))
    expect((await run('undo', older.id)).stderr).toMatch(/take back its newest change first/)
    const short = row?.split(' ')[0] ?? ''
    expect(newest.id).toMatch(new RegExp(`^${short}`))
    expect(short).toMatch(/^[0-9a-f-]{6,8}$/)
    expect(await said('undo', short, '--dry-run')).toMatch(/^container 102 would have /)
    await said('undo', short)
    const [undone] = await json('history', '102', '--limit', '1')
    expect(undone).toMatchObject({ outcome: 'applied', after: newest.before })
    expect(await said('status')).toMatch(/^102 .* a person \d+ s ago: /m)
    expect(await said('explain', '102')).toMatch(
      /^last change \(\d+ s ago, by a person\): .*\n {2}undo of [0-9a-f-]{8}$/m,
    )
    await said('ignore', '102', '--end')
    const explained = await until(async () => {
      const text = await said('explain', '102')
      return text.includes('a person changed its size') ? text : undefined
    })
    expect(explained).toMatch(/left alone for another (5|6)/)
  })

  test('what all had before the install is put back, after a look and a yes; one that fails costs no other its turn', async () => {
    await said('ignore', '--all')
    const isPaused = async () =>
      (await json('status')).model.containers.every(
        ({ paused_until }: { paused_until: unknown }) => paused_until !== null,
      )
    await until(async () => ((await isPaused()) ? true : undefined))
    const asked = await run('undo', '--all-to-install')
    expect({ ...asked, stderr: '' }).toMatchObject({ exitCode: 2, stdout: '' })
    expect(asked.stderr).toMatch(/changes 2 containers \(101, 102\): look with --dry-run, then add --yes/)
    const sizes = async () =>
      (await json('status')).containers.map(({ cores, memory_mb }: { cores: number; memory_mb: number }) => [
        cores,
        memory_mb,
      ])
    const before = await sizes()
    const looked = await run('undo', '--all-to-install', '--dry-run', '--json')
    expect(JSON.parse(looked.stdout).map(({ lxc_id }: { lxc_id: number }) => lxc_id)).toEqual([101, 102])
    expect(await sizes()).toEqual(before)
    const { stdout } = await run('undo', '--all-to-install', '--yes', '--json')
    expect(JSON.parse(stdout)[1]).toMatchObject({ lxc_id: 102, outcome: expect.stringMatching(/taken back|unchanged/) })
    const { containers } = await json('status')
    expect(containers[1]).toMatchObject({ cores: 6, memory_mb: 4_096 })
    const since = JSON.parse((await run('undo', '--since', '1d', '--yes', '--json')).stdout)
    expect(since[1]).toMatchObject({ lxc_id: 102, outcome: 'unchanged' })
    await said('ignore', '--all', '--end')
  })

  test('a number that is no container of this host is told to be none', async () => {
    const { exitCode, stderr } = await run('undo', '999')
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining('there is no container 999') })
  })

  test('a change that there is not is refused', async () => {
    const { exitCode, stderr } = await run('undo', '00000000-0000-4000-8000-000000000000')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('CHANGE_NOT_FOUND')
  })
})

describe('ignore', () => {
  test('leaves a container alone until the pause is over or ended', async () => {
    expect(await said('ignore')).toBe('no container is paused\n')
    expect(await said('ignore', '101', '--for', '2h')).toMatch(/^101 is left alone until \S+ \d\d:\d\d, for 2 h\n$/)
    expect(await json('ignore')).toEqual({ containers: { 101: expect.stringMatching(/Z$/) }, modes: {} })
    const status = await until(async () => {
      const text = await said('status')
      return text.includes('(lxc-autoscale ignore)') ? text : undefined
    })
    expect(status).toMatch(/^101 .*left alone until .* \(lxc-autoscale ignore\)$/m)
    expect(await said('ignore', '101', '--end')).toBe('101 is no longer paused\nno container is paused\n')
    expect(await said('ignore', '101', '--end')).toBe('101 was not paused\nno container is paused\n')
    await until(async () => ((await said('status')).includes('(lxc-autoscale ignore)') ? undefined : true))
  })

  test('is refused without a number, with both options, and for a time that is none', async () => {
    const results = await Promise.all([
      run('ignore', '--end'),
      run('ignore', '101', '--end', '--for', '1h'),
      run('ignore', '101', '--for', 'a while'),
      run('ignore', '101', '--all'),
    ])
    expect(results.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2, 2])
    expect(results[2]?.stderr).toContain('90s, 30m, 2h or 1d')
  })
})

describe('boost', () => {
  test('gives more for a time, is listed, and is given back at a word', async () => {
    expect(await said('boost')).toBe('no container is boosted\n')
    const words = ['boost', '102', '--memory', '5G', '--for', '2h']
    expect(await said(...words, '--dry-run')).toBe('container 102 would have 5120 MB of memory\n')
    expect(await said(...words)).toMatch(/^container 102 has 5120 MB of memory now, until \S+ \d\d:\d\d\n$/)
    expect(await said('boost')).toMatch(/^102 +5120 MB +4096 MB +\S+ \d\d:\d\d, for 2 h /m)
    expect(await said('history', '102', '--limit', '1')).toMatch(/ 102 +boost +.*4096 MB +.*5120 MB +applied/)
    expect(await said('boost', '102', '--end')).toContain('the boost of container 102 is over')
    expect(await said('history', '102', '--limit', '1')).toMatch(/ 102 +boost-end /)
    const wrong = await Promise.all([
      run('boost', '102', '--for', '1h'),
      run('boost', '102', '--cores', '4'),
      run('boost', '--end'),
    ])
    expect(wrong.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2])
  })
})

describe('ignore and mode', () => {
  test('know no container that the host has not, and say what to do when nobody answers', async () => {
    for (const words of [
      ['ignore', '999'],
      ['mode', '999', 'off'],
    ]) {
      expect(await run(...words)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no container 999') })
    }
    const { exitCode, stderr } = await run('ignore', '103', '--forever', '--url', 'http://127.0.0.1:9')
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('systemctl restart lxc_autoscale_api'),
    })
  })

  test('many at once lose none', async () => {
    await Promise.all(['101', '102', '103'].map(vmid => said('mode', vmid, 'recommend')))
    expect(await json('mode')).toEqual({ 101: 'recommend', 102: 'recommend', 103: 'recommend' })
    await Promise.all(['101', '102', '103'].map(vmid => said('mode', vmid, '--as-configured')))
    expect(await said('mode')).toBe('every container has its mode as configured\n')
  })

  test('a mode wins over the configuration from the next decision on, and explain says where it is from', async () => {
    await said('mode', '101', 'grow_only')
    const explained = await until(async () => {
      const text = await said('explain', '101')
      return text.includes('mode grow_only') ? text : undefined
    })
    expect(explained).toMatch(/^ {2}mode +grow_only +lxc-autoscale mode$/m)
    await said('mode', '101', '--as-configured')
  })
})

describe.concurrent('config', () => {
  test('check finds the files of the running host good', async () => {
    expect((await said('config', 'check')).match(/: ok$/gm)).toHaveLength(3)
    expect((await json('config', 'check')).map(({ problems }: { problems: string[] }) => problems)).toEqual([
      [],
      [],
      [],
    ])
  })

  test('check names file, line and key of each problem, with exit code 78', async () => {
    const directory = folder()
    writeFileSync(join(directory, 'lxc_monitor.yaml'), 'monitoring:\n  check_interval: 0\n  chek: 1\n')
    writeFileSync(join(directory, 'lxc_autoscale_ml.yaml'), 'intervall_seconds: 60\n')
    const { exitCode, stdout } = await host.command(['config', 'check', '--config-dir', directory])
    expect(exitCode).toBe(78)
    expect(stdout).toMatch(/lxc_monitor\.yaml:2: .*check_interval/)
    expect(stdout).toMatch(/lxc_monitor\.yaml:3: .*chek/)
    expect(stdout).toMatch(/lxc_autoscale_ml\.yaml:1: .*interval_seconds/)
    expect(stdout).toMatch(/lxc_autoscale_api\.yaml: is not there/)
  })

  test('show and diff fill in defaults, and never print a key', async () => {
    const directory = folder()
    for (const name of ['lxc_monitor.yaml', 'lxc_autoscale_ml.yaml']) writeFileSync(join(directory, name), '')
    const targets = [
      { type: 'webhook', url: 'https://example.org/very-secret-key', token: 'very-secret-key' },
      { type: 'ntfy', topic: 'very-secret-key' },
      { type: 'mail', to: 'root', smtp: { host: 'localhost', username: 'me', password: 'very-secret-key' } },
    ]
    const secret = { authentication: { api_keys: ['very-secret-key'] }, notifications: { targets } }
    writeFileSync(join(directory, 'lxc_autoscale_api.yaml'), JSON.stringify(secret))
    const texts = await Promise.all(
      ['show', 'diff'].flatMap(word => [
        host.command(['config', word, '--config-dir', directory]),
        host.command(['config', word, '--json', '--config-dir', directory]),
      ]),
    )
    for (const { stdout } of texts) expect(stdout).not.toContain('very-secret-key')
    expect(JSON.parse(texts[1]?.stdout ?? '')['lxc_monitor.yaml'].monitoring.check_interval).toBe(10)
    expect(texts[0]?.stdout).toContain('url: https://example.org/[redacted]')
    expect(JSON.parse(texts[3]?.stdout ?? '')).toMatchObject([
      { file: 'lxc_autoscale_api.yaml', key: 'authentication.api_keys', standard: [], here: '[redacted]' },
      { key: 'notifications.targets', standard: [], here: [{ type: 'webhook', token: '[redacted]' }, {}, {}] },
    ])
  })

  test('reference names every key', async () => {
    const { stdout } = await host.command(['config', 'reference', '--json'])
    const keys = JSON.parse(stdout)['lxc_autoscale_ml.yaml']
    const text = (await host.command(['config', 'reference'])).stdout
    expect(keys).toContain('scaling.policy')
    for (const key of keys) expect(text).toContain(`\`${key}\``)
  })

  test('migrate says what becomes of each key, and keeps the old file beside the new one', async () => {
    const file = join(folder(), 'lxc_monitor.yaml')
    const old =
      'monitoring:\n  check_interval: 60\n  max_workers: 8\n  made_up: 1\nlogging:\n  log_format: "%(message)s"\n'
    writeFileSync(file, old)
    const { exitCode, stdout } = await host.command(['config', 'migrate', file, '--write', file])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^monitoring\.check_interval +kept +60$/m)
    expect(stdout).toMatch(/^monitoring\.made_up +dropped /m)
    expect(stdout).toMatch(/^logging\.log_format +dropped /m)
    expect(readFileSync(`${file}.old`, 'utf8')).toBe(old)
    const { stdout: second } = await host.command(['config', 'migrate', file, '--json'])
    expect(JSON.parse(second).keys.map(({ fate }: { fate: string }) => fate)).toEqual(['kept', 'kept'])
  })

  test('migrate that refuses a value takes over the others, and ends with 3', async () => {
    const file = join(folder(), 'lxc_autoscale.yaml')
    writeFileSync(file, 'TIER_WEB:\n  lxc_containers: [101]\n  min_memory: lots\n  max_memory: 4096\n')
    const { exitCode, stdout } = await host.command(['config', 'migrate', file, '--write', file])
    expect(exitCode).toBe(3)
    expect(stdout).toMatch(/^tiers\.web\.min_ram_mb +refused .*\(got "lots"\).*TIER_WEB\.min_memory$/m)
    expect(readFileSync(file, 'utf8')).toBe('tiers:\n  web:\n    ids:\n      - 101\n    max_ram_mb: 4096\n')
  })

  test('check warns of what does not go together, and ends with 0', async () => {
    const directory = folder()
    for (const name of ['lxc_monitor.yaml', 'lxc_autoscale_ml.yaml']) writeFileSync(join(directory, name), '')
    writeFileSync(join(directory, 'lxc_autoscale_api.yaml'), 'server: {port: 5001}\n')
    const { exitCode, stdout } = await host.command(['config', 'check', '--config-dir', directory])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^warning: .*lxc_autoscale_ml\.yaml: api\.api_url: .*port 5000.*127\.0\.0\.1:5001$/m)
  })

  test('migrate refuses a file of which it cannot tell whose it is', async () => {
    const file = join(folder(), 'other.yaml')
    writeFileSync(file, '')
    const { exitCode, stderr } = await host.command(['config', 'migrate', file])
    expect(exitCode).toBe(78)
    expect(stderr).toContain('lxc_monitor.yaml, lxc_autoscale_ml.yaml, lxc_autoscale_api.yaml')
  })
})

describe.concurrent('doctor', () => {
  test('finds nothing wrong with a host that runs', async () => {
    const { exitCode, stdout } = await run('doctor')
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('nothing is wrong') })
    for (const name of ['configuration', 'pct', 'cgroups', 'quorum', 'clock', 'disk space', 'data', 'API', 'API key']) {
      expect(stdout).toMatch(new RegExp(`^ok ${name}: `, 'm'))
    }
  })

  test('names what is wrong, with the mend, and fails', async () => {
    const directory = folder()
    const model = JSON.stringify({
      data_file: join(directory, 'none.json'),
      api: { api_url: host.apiUrl, api_key: 'not-the-key' },
      state: { directory },
    })
    writeFileSync(join(directory, 'lxc_autoscale_ml.yaml'), model)
    writeFileSync(join(directory, 'lxc_monitor.yaml'), JSON.stringify({ host: { cgroup: directory } }))
    const { exitCode, stdout } = await host.command(['doctor', '--json', '--config-dir', directory], {
      PATH: '/usr/bin',
    })
    expect(exitCode).toBe(1)
    const wrong = JSON.parse(stdout).filter(({ isGood }: { isGood?: boolean }) => isGood === false)
    expect(wrong.map(({ name }: { name: string }) => name)).toEqual([
      'configuration',
      'model',
      'pct',
      'cgroups',
      'data',
      'API key',
    ])
    for (const { mend } of wrong) expect(mend).not.toBe('')
  })
})

describe.concurrent('replay', () => {
  test('says what the policies would have done with the history of this host', async () => {
    const { exitCode, stdout } = await host.command(['replay', '--metrics', host.metricsFile])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^CONTAINER +POLICY +CPU UNUSED +THROTTLED +MEMORY UNUSED +SWAPPED +KILLED +CHANGES\/DAY/m)
    for (const policy of ['static', 'adaptive', 'threshold'])
      expect(stdout).toMatch(new RegExp(`^ALL +${policy} `, 'm'))
  })

  test('writes decisions and a page for one trace, and the same once more', async () => {
    const directory = folder()
    const trace = join(directory, 'office.csv')
    writeFileSync(trace, officeTrace())
    const [out, again, page] = ['out.csv', 'again.csv', 'out.html'].map(name => join(directory, name))
    const words = ['replay', '--trace', trace, '--policy', 'adaptive', '--json', '--decisions']
    const first = await host.command([...words, `${out}`, '--html', `${page}`])
    await host.command([...words, `${again}`])
    expect(first).toMatchObject({ exitCode: 0, stderr: '' })
    const [report] = JSON.parse(first.stdout)
    expect(report.policies.map(({ policy }: { policy: string }) => policy)).toEqual(['static', 'adaptive'])
    expect(report.policies[1].saved_core_hours).toBeGreaterThan(0)
    // With decisions there is no swap, so that nothing tells how large an excess was.
    expect(report.policies[1]).toMatchObject({ swapped: 0, killed: expect.any(Number) })
    const decisions = readFileSync(`${out}`, 'utf8')
    expect(decisions).toMatch(/^t_seconds,cpu_cores,mem_mb\n/)
    expect(decisions.split('\n').length).toBeGreaterThan(3)
    expect(readFileSync(`${again}`, 'utf8')).toBe(decisions)
    expect(readFileSync(`${page}`, 'utf8')).toMatch(/^<!doctype html>/i)
  })

  test('says what it cannot use', async () => {
    const directory = folder()
    const [missing, nothing, many] = await Promise.all([
      host.command(['replay', '--trace', join(directory, 'none.csv')]),
      host.command(['replay']),
      host.command(['replay', '--metrics', host.metricsFile, '--decisions', join(directory, 'x.csv')]),
    ])
    expect([missing, nothing, many].map(answer => answer?.exitCode)).toEqual([1, 2, 2])
    expect(missing?.stderr).toContain('none.csv')
    expect(many?.stderr).toContain('--decisions needs one trace')
    expect(existsSync(join(directory, 'x.csv'))).toBe(false)
  })
})

/** Two days of a container that works by day and has four times what it needs. */
function officeTrace(): string {
  const rows = Array.from({ length: 2 * 24 * 12 }, (_, index) => {
    const hour = (index / 12) % 24
    const isDay = hour > 8 && hour < 18
    return `${index * 300},${isDay ? 1.2 : 0.1},8,${isDay ? 900 : 600},8192`
  })
  return `t_seconds,cpu_cores_used,cpu_cores_alloc,mem_mb_used,mem_mb_alloc\n${rows.join('\n')}\n`
}

describe.concurrent('forest', () => {
  test('finds the labelled anomalies of a table, packed or not', async () => {
    const directory = folder()
    const plain = join(directory, 'table.csv')
    writeFileSync(plain, labelledTable())
    writeFileSync(`${plain}.gz`, gzipSync(labelledTable()))
    const answers = await Promise.all(
      [plain, `${plain}.gz`].map(file => host.command(['forest', '--data', file, '--seeds', '2', '--json'])),
    )
    const [first, second] = answers.map(({ stdout }) => JSON.parse(stdout))
    expect(first).toMatchObject({ rows: 210, columns: 2, anomalies: 10, seeds: 2 })
    expect(first.auroc).toBeGreaterThan(0.99)
    expect(second.auroc).toBe(first.auroc)
    const { stdout } = await host.command(['forest', '--data', plain, '--seeds', '1'])
    expect(stdout).toMatch(/^210 rows x 2 columns, 10 labelled anomalies, 1 seeds?\nAUROC +[01]\.\d{4}/)
  })

  test('says what it cannot use', async () => {
    const file = join(folder(), 'table.csv')
    writeFileSync(file, 'x,y,kind\n1,2,0\n3,four,1\n')
    const [missing, column, cell] = await Promise.all([
      host.command(['forest', '--data', `${file}.none`]),
      host.command(['forest', '--data', file]),
      host.command(['forest', '--data', file, '--label-column', 'kind']),
    ])
    expect([missing, column, cell].map(answer => answer?.exitCode)).toEqual([1, 2, 2])
    expect(column?.stderr).toContain('no column "label"; there are x, y, kind')
    expect(cell?.stderr).toContain('line 3: "four" is not a number')
  })
})

/** Points of a regular grid around the origin, and ten that are far from it. */
function labelledTable(): string {
  const normal = Array.from(
    { length: 200 },
    (_, index) => `${(index % 14) / 7 - 1},${Math.floor(index / 14) / 7 - 1},0`,
  )
  const strange = Array.from({ length: 10 }, (_, index) => `${8 + index},${-9 - index},1`)
  return `x,y,label\n${[...normal, ...strange].join('\n')}\n`
}

describe.concurrent('every command', () => {
  test('has a version, a help text, and exit code 2 for wrong usage', async () => {
    expect((await host.command(['--version'])).stdout).toBe(`${VERSION}\n`)
    expect((await host.command(['--help'])).stdout).toContain('Exit codes: 0 done, 1 failed or refused, 2 wrong usage')
    const wrong = [[], ['bogus'], ['explain'], ['explain', '7'], ['status', '--jsn'], ['history', '--since', 'soon']]
    const results = await Promise.all(wrong.map(async words => ({ words, ...(await host.command(words)) })))
    for (const { words, exitCode, stdout, stderr } of results) {
      expect({ words, exitCode, stdout }).toEqual({ words, exitCode: 2, stdout: '' })
      expect(stderr).not.toBe('')
    }
  })

  test('says which API does not answer, with exit code 1', async () => {
    const commands = [['status'], ['history'], ['undo', 'x']]
    const results = await Promise.all(commands.map(words => run(...words, '--url', 'http://127.0.0.1:9')))
    for (const { exitCode, stdout, stderr } of results) {
      expect(exitCode).toBe(1)
      expect(stdout + stderr).toMatch(
        /no answer from the scaling API at http:\/\/127\.0\.0\.1:9: .*is lxc_autoscale_api\.service running/,
      )
    }
  })

  test('takes the key from the environment before any file, and says that a wrong one is refused', async () => {
    const words = ['status', '--config-dir', host.configDir]
    const { exitCode, stdout } = await host.command(words, { LXC_AUTOSCALE_API_KEY: 'not-the-key' })
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/^deciding: .*\nthe containers are not known: wrong API key$/m)
    const { exitCode: withFile } = await run('status', '--key-file', host.keyFile)
    expect(withFile).toBe(0)
  })

  test('prints no escape codes where there is no terminal', async () => {
    const commands = [['status'], ['explain', '101'], ['history'], ['doctor'], ['config', 'check']]
    for (const text of await Promise.all(commands.map(words => said(...words)))) expect(text).not.toContain(ESCAPE)
  })

  test('prints none for a build server either', async () => {
    const words = ['doctor', '--config-dir', host.configDir]
    expect((await host.command(words, { CI: 'true' })).stdout).not.toContain(ESCAPE)
  })

  test('has colours on a terminal, unless NO_COLOR is set', async () => {
    const words = ['doctor', '--config-dir', host.configDir]
    const environment = { FORCE_COLOR: '1' }
    expect((await host.command(words, environment)).stdout).toContain(ESCAPE)
    expect((await host.command(words, { ...environment, NO_COLOR: '1' })).stdout).not.toContain(ESCAPE)
  })
})
