import { describe, expect, test } from 'vitest'
import {
  MemoryAlarm,
  MemoryAlarmState,
} from '../../../../../packages/model/src/policy/policies/adaptive/memory-alarm.ts'
import { MEMORY_PARAMETERS } from '../../../../../packages/model/src/policy/policies/adaptive/memory-parameters.ts'

const MINUTE_MS = 60_000

/** An alarm that has seen an hour of 30 MB and 0.01 cores, and then this sample. */
function alarmAfter(memoryMb: number, cpuCores: number | undefined): MemoryAlarm {
  const alarm = new MemoryAlarm(MEMORY_PARAMETERS)
  for (let minute = 0; minute < 60; minute++)
    alarm.observe({ timeMs: minute * MINUTE_MS, memoryMb: 30, cpuCores: 0.01 })
  alarm.observe({ timeMs: 60 * MINUTE_MS, memoryMb, cpuCores })
  return alarm
}

/** The same for a container of 400 MB. */
function largeAlarmAfter(memoryMb: number, cpuCores: number | undefined): MemoryAlarm {
  const alarm = new MemoryAlarm(MEMORY_PARAMETERS)
  for (let minute = 0; minute < 60; minute++)
    alarm.observe({ timeMs: minute * MINUTE_MS, memoryMb: 400, cpuCores: 0.1 })
  alarm.observe({ timeMs: 60 * MINUTE_MS, memoryMb, cpuCores })
  return alarm
}

describe('MemoryAlarm', () => {
  test.each([
    ['a step of memory', alarmAfter(38, undefined), true],
    ['a wobble of a few MB', alarmAfter(33, undefined), false],
    ['a small step of a large container', largeAlarmAfter(410, 0.1), false],
    ['a small step of a large container while its CPU bursts', largeAlarmAfter(410, 0.5), true],
    ['a burst of the CPU alone', largeAlarmAfter(400, 0.5), false],
  ])('on %s', (_, alarm, isOn) => {
    expect(alarm.isOn(60 * MINUTE_MS)).toBe(isOn)
  })

  test('goes off after half an hour', () => {
    const alarm = alarmAfter(38, undefined)
    expect([alarm.isOn(89 * MINUTE_MS), alarm.isOn(90 * MINUTE_MS)]).toEqual([true, false])
  })

  test('does not go on at the first sample', () => {
    const alarm = new MemoryAlarm(MEMORY_PARAMETERS)
    alarm.observe({ timeMs: 0, memoryMb: 900, cpuCores: 2 })
    expect(alarm.isOn(0)).toBe(false)
  })

  test('is still on after being saved', () => {
    const restored = new MemoryAlarm(MEMORY_PARAMETERS)
    restored.restore(MemoryAlarmState.parse(JSON.parse(JSON.stringify(alarmAfter(38, undefined).serialise()))))
    expect(restored.isOn(70 * MINUTE_MS)).toBe(true)
  })
})
