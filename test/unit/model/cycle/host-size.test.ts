import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readHostSize } from '../../../../packages/model/src/host-size.ts'

let proc: string
beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'proc-'))
  mkdirSync(proc, { recursive: true })
})
afterEach(() => rmSync(proc, { recursive: true }))

test('reads the cores and the memory of the host', () => {
  writeFileSync(join(proc, 'stat'), 'cpu  1 2\ncpu0 1 2\ncpu1 1 2\nintr 5\n')
  writeFileSync(join(proc, 'meminfo'), 'MemTotal:       16384000 kB\nMemFree:  1 kB\nMemAvailable:    8192000 kB\n')
  expect(readHostSize(proc)).toEqual({ cores: 2, memoryMb: 16_000, memoryAvailableMb: 8_000 })
})

test('knows nothing of what it cannot read', () => {
  writeFileSync(join(proc, 'meminfo'), 'MemTot')
  expect(readHostSize(proc)).toEqual({ cores: undefined, memoryMb: undefined, memoryAvailableMb: undefined })
})
