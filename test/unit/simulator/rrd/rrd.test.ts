import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { MS_PER_MINUTE } from '@lxc-autoscale/core'
import { HostFiles } from '@lxc-autoscale/host'
import { describe, expect, test } from 'vitest'
import { pastContents, pastOf } from '../../../../packages/host/src/rrd/read-past.ts'
import { rrddataSteps } from '../../../../packages/host/src/rrd/rrddata.ts'
import { createHost } from '../../../../packages/simulator/src/create-host.ts'
import { Engine } from '../../../../packages/simulator/src/engine/engine.ts'
import { INSTANT } from '../../../../packages/simulator/src/host/settings.ts'
import { runPvesh } from '../../../../packages/simulator/src/run-command.ts'
import { scratchDirectory } from '../pretend-host.ts'

const FORMATS = ['pve2.3-vm', 'pve-vm-9.0'] as const
const FOLDERS = { 'pve2.3-vm': 'pve2-vm', 'pve-vm-9.0': 'pve-vm-9.0' } as const

/** A host with a container that is always busy, and what Proxmox has kept of it. */
async function hostWith(rrdFormat: (typeof FORMATS)[number]) {
  const host = await createHost({
    root: join(scratchDirectory(), 'host'),
    settings: { ...INSTANT, rrdFormat },
    pastDays: 3,
    containers: [{ vmid: 101, shape: 'steady', cores: 4, memoryMb: 1_000 }],
  })
  const past = (nowMs = Date.now()) => pastOf(pastContents(new HostFiles(), host.paths.rrd, 101), { nowMs })
  return { host, past }
}

const hasRrdtool = spawnSync('rrdtool', ['--version']).status === 0

describe.each(FORMATS)('the history of a guest in the format %s', rrdFormat => {
  test('is made up of its load, and goes on as the engine steps', async () => {
    const { host, past } = await hostWith(rrdFormat)
    const before = past()
    const first = before[0]
    expect(Date.now() - (first?.startMs ?? 0)).toBeGreaterThan(2.9 * 86_400_000)
    for (const { coresUsed, memoryUsedMb, cores, memoryLimitMb } of before) {
      expect([cores, memoryLimitMb]).toEqual([expect.closeTo(4, 6), expect.closeTo(1_000, 6)])
      expect(coresUsed?.mean).toBeGreaterThan(1.7)
      expect(coresUsed?.peak).toBeLessThan(2.8)
      expect(memoryUsedMb?.mean).toBeGreaterThan(450)
    }

    let nowMs = Date.now()
    const engine = new Engine(host.root, { nowMs: () => nowMs })
    for (let step = 0; step < 20; step++) {
      nowMs += 10_000
      await engine.step(10_000)
    }
    const after = past(nowMs)
    const minutes = after.filter(({ startMs }) => startMs > (before.at(-1)?.startMs ?? 0))
    expect(minutes.length).toBeGreaterThanOrEqual(3)
    expect(minutes.at(-1)).toMatchObject({ stepMs: MS_PER_MINUTE, cores: 4, memoryLimitMb: 1_000 })
    expect(minutes.at(-1)?.coresUsed?.mean).toBeGreaterThan(1.7)
    expect(minutes.at(-1)?.coresUsed?.mean).toBeLessThan(2.8)
  })

  test('is told by pvesh as it stands in the file', async () => {
    const { host, past } = await hostWith(rrdFormat)
    const ask = async (...words: string[]) => {
      const path = '/nodes/pve/lxc/101/rrddata'
      const { stdout } = await runPvesh(host.root, ['get', path, ...words, '--output-format', 'json'])
      return JSON.parse(stdout)
    }
    const means = await ask('--timeframe', 'hour')
    const told = rrddataSteps(means, undefined)?.flat() ?? []
    expect(told.length).toBeGreaterThan(50)
    const known = past()
    expect(known).toEqual(expect.arrayContaining(told.slice(-50)))
    expect(Object.keys(means[40])).not.toContain('memhost')
    expect(await runPvesh(host.root, ['get', '/nodes/pve/lxc/101/rrddata', '--output-format', 'json'])).toMatchObject({
      exitCode: 2,
    })
  })

  test.skipIf(!hasRrdtool)('can be read by rrdtool, where that is installed', async () => {
    const { host, past } = await hostWith(rrdFormat)
    const { startMs, coresUsed } = past().at(-2) ?? { startMs: 0 }
    const file = `${host.paths.rrd}/${FOLDERS[rrdFormat]}/101`
    const begin = startMs / 1_000
    const { stdout } = spawnSync('rrdtool', ['fetch', file, 'MAX', '-s', `${begin}`, '-e', `${begin}`], {
      encoding: 'utf8',
    })
    const row = new RegExp(`^${begin + 60}: (\\S+) (\\S+) `, 'm').exec(stdout)
    expect(Number(row?.[1]) * Number(row?.[2])).toBeCloseTo(coresUsed?.peak ?? 0, 6)
  })
})
