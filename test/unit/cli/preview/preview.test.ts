import { AutoscaleError, type PreviewBody } from '@lxc-autoscale/core'
import { NO_LIMITS } from '@lxc-autoscale/host'
import { expect, test } from 'vitest'
import type { PreviewHostParts } from '../../../../packages/cli/src/preview/preview-host.ts'
import { previewPage } from '../../../../packages/cli/src/preview/preview-page.ts'
import { curveText, previewText } from '../../../../packages/cli/src/preview/preview-text.ts'
import { pastSteps } from '../../../builders/past-steps.ts'
import { idlePast, previewBody, runningContainer } from '../../../builders/preview-body.ts'

const HOSTILE = '</script><script>alert(1)</script>\u2028$&'

test('a container that cannot be told of costs no other its turn, and says why', async () => {
  const files: Readonly<Record<number, PreviewHostParts['readPast']>> = {
    102: () => ({ steps: [], problems: [] }),
    103: () => ({ steps: [], problems: ['103: ends within its head'] }),
    104: () => {
      throw new AutoscaleError('HOST_UNREADABLE', '104: EACCES')
    },
  }
  const containers = [101, 102, 103, 104, 105].map(vmid =>
    runningContainer(vmid, vmid === 105 ? { tags: ['autoscale-off'] } : {}),
  )
  const told = await previewBody({
    containers,
    readPast: vmid => files[vmid]?.(vmid) ?? { steps: idlePast, problems: [] },
  })
  expect(told.containers.map(({ lxc_id }) => lxc_id)).toEqual([101])
  expect(told.left_out.map(({ lxc_id, reason }) => [lxc_id, reason])).toEqual([
    [102, 'Proxmox has kept nothing of it in this time'],
    [103, '103: ends within its head'],
    [104, '104: EACCES'],
    [105, 'left alone: mode off (tag autoscale-off)'],
  ])
})

test('what a person only wants said is shown as if it were done; what is not sized, and what it has now, is said', async () => {
  const { containers, totals } = await previewBody({
    containers: [
      runningContainer(101, { tags: ['autoscale-pause'] }),
      runningContainer(102, { raw: { cores: 'lxc.cgroup2.cpuset.cpus: 0', memory: undefined } }),
      runningContainer(103, { limits: { ...NO_LIMITS, memoryMb: 1_024 } }),
    ],
    days: 30,
  })
  const remarksOf = containers.map(({ remarks }) => remarks.join('; '))
  expect(remarksOf[0]).toBe(
    'only 0.3 of 30 days are known; mode recommend (tag autoscale-pause): it would only have been said',
  )
  expect(containers[0]?.changes).toBeGreaterThan(0)
  expect(remarksOf[1]).toContain('cores are not sized: lxc.cgroup2.cpuset.cpus: 0')
  expect(containers[2]?.now).toEqual({ cores: 8, memory_mb: 1_024, swap_mb: null })
  expect(remarksOf[2]).toMatch(/it has 8 cores now; it has 1024 MB of memory now$/)
  expect([totals.cores.had_mean, totals.memory_mb.had_mean]).toEqual([8, 12_288])
})

test('is told in plain words, with what it is made of and what nobody knows', async () => {
  const text = previewText(await previewBody({}))
  expect(text).toMatch(
    /^pve, the last day: what LXC AutoScale ML would have done\. Nothing is changed\.\nSettings: as built in\. Policy: adaptive\.$/m,
  )
  expect(text).toMatch(
    /101 +ct101 +cores +▁+ +0\.20 +0\.20 +4 +\d\.\d+ +\d+ % +never +\d+\n +MB +▁+ +300 +300 +4096 +\d+ +\d+ % +never/,
  )
  expect(text).toMatch(
    /^In all \(1 container\), on average:\n {2}cores +had 4, .* core-hours freed; never too little$/m,
  )
  expect(text).toContain('60 min in minutes, 5 h in half hours')
  expect(text).not.toMatch(/undefined|NaN|\[object/)
})

test('what went wrong on the first day, when nothing was known, is told apart', async () => {
  const steps = pastSteps(48, minute => ({ cores: minute % 1_440 === 1_200 ? 3 : 0.2, memoryMb: 300 }))
  const { notes, containers } = await previewBody({ readPast: () => ({ steps, problems: [] }), days: 2 })
  const times = containers[0]?.cores.short.length
  expect(times).toBeGreaterThan(0)
  expect(notes.join('\n')).toContain(`(1 of the ${times} times that it would have been too little were on a first day)`)
})

test('a curve has the highest of each stretch, to the scale of what it had, and a gap where nothing is known', () => {
  expect(curveText([0, 1, 0, 2, null, null, 4, 8], { columns: 4, top: 8 })).toBe('▁▂ █')
  expect(curveText([0, 0], { columns: 4, top: 0 })).toBe('▁▁')
  expect(curveText([], { columns: 4, top: 1 })).toBe('')
})

test('the names of others end neither the script of the page nor its text', async () => {
  const body = await previewBody({ containers: [runningContainer(101, { name: HOSTILE })] })
  const page = previewPage('<script type="application/json">"%preview%"</script><p>after</p>', body)
  expect(page).toMatch(/^<script type="application\/json">\{[^<]*\}<\/script><p>after<\/p>$/)
  const data: PreviewBody = JSON.parse(
    page.slice('<script type="application/json">'.length, -'</script><p>after</p>'.length),
  )
  expect(data).toEqual(body)
})
