import { expect, test } from 'vitest'
import { holdsOf } from '../../../packages/dashboard/src/explain/explain-text.ts'
import { inForce, requestSettings, settingsOf } from '../../../packages/dashboard/src/replay/settings.ts'
import { whatIfText } from '../../../packages/dashboard/src/replay/what-if-text.ts'

test('the form begins with what is in force, and sends only what its policy looks at', () => {
  const values = inForce([
    { key: 'policy', value: 'threshold' },
    { key: 'throttling_price', value: 60 },
    { key: 'cpu_scale_up_threshold', value: 80 },
    { key: 'max_ram_mb', value: null },
    { key: 'weight', value: 3 },
  ])
  expect(requestSettings(new Map([...values, ['min_cpu_cores', ' 0.5 ']]))).toEqual({
    policy: 'threshold',
    cpu_scale_up_threshold: 80,
    min_cpu_cores: 0.5,
  })
  expect(settingsOf('adaptive').some(({ key }) => key === 'cpu_scale_up_threshold')).toBe(false)
})

test('what a replay came to is told in sentences, with what is not known left open', () => {
  const had = { cores: 2, memory_mb: 2_048, short_percent: 0.5, changes: 1 }
  const would = { cores: 1.25, memory_mb: 2_050, short_percent: 0, kills: 0, changes: 12 }
  expect(whatIfText({ had, would })).toEqual([
    'It had 2 cores and 2 GiB on average, too little 0.5 % of the time, with 1 change.',
    'It would have had 1.25 cores and 2 GiB on average, too little 0 % of the time, with 12 changes and no kills.',
    'That is 0.75 cores less.',
  ])
  const [was, , difference] = whatIfText({ had: { ...had, cores: null }, would })
  expect([was?.slice(0, 19), difference]).toEqual(['It had – and 2 GiB ', 'That is about the same size.'])
})

test('what holds a container is told by the reason of the rule, each resource by its own', () => {
  const held = {
    reasons: [
      { rule: 'policy', text: 'cores: 20 % used' },
      { rule: 'hold', text: 'cores: changed just now' },
      { rule: 'hold', text: 'memory: changed just now' },
    ],
    held_by: { cores: 'hold', memory: 'hold' },
    held_until: { cores: '2026-01-05T10:00:00.000Z', memory: null },
  }
  expect(holdsOf(held)).toEqual([
    { resource: 'CPU', text: 'cores: changed just now', until: '2026-01-05T10:00:00.000Z' },
    { resource: 'Memory', text: 'memory: changed just now', until: null },
  ])
  expect(holdsOf({ ...held, held_by: { cores: null, memory: 'gone' } })).toMatchObject([{ text: 'gone' }])
})
