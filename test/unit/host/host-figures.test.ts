import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { NO_HOST_FIGURES, openHostFigures } from '../../../packages/host/src/host-figures.ts'
import { HostFiles } from '../../../packages/host/src/host-files.ts'
import { temporaryDirectory } from '../../fakes/temporary-directory.ts'

const MEMINFO =
  'MemTotal:       16384000 kB\nMemFree: 1 kB\nMemAvailable:    8192000 kB\nSwapTotal:  1024000 kB\nSwapFree: 0 kB\n'

function figuresOf(files: Readonly<Record<string, string>>) {
  const root = temporaryDirectory()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  const hostFiles = new HostFiles(0)
  return { figures: openHostFigures(hostFiles, root)(), implausible: hostFiles.failuresBy('implausible') }
}

test('the host has the cores and the memory that /proc tells', () => {
  const stat = 'cpu  1 2 3\ncpu0 1 2 3\ncpu1 1 2 3\nintr 5\n'
  expect(figuresOf({ meminfo: MEMINFO, stat, loadavg: '0.52 0.4 0.3 1/9 77\n' }).figures).toEqual({
    cores: 2,
    memoryMb: 16_000,
    memoryAvailableMb: 8_000,
    swapTotalMb: 1_000,
    load1: 0.52,
  })
})

test('the host is not known without its files', () => {
  expect(figuresOf({}).figures).toEqual(NO_HOST_FIGURES)
})

test.each([
  ['more available than there is', '8192000 kB', '16384001 kB', { memoryMb: 16_000, memoryAvailableMb: undefined }],
  ['more than a machine can address', '16384000 kB', '18446744073709551612 kB', { memoryMb: undefined }],
  ['more swap than a machine can address', '1024000 kB', '18446744073709551612 kB', { swapTotalMb: undefined }],
])('is not believed where it shows %s', (_, before, after, expected) => {
  const { figures, implausible } = figuresOf({ meminfo: MEMINFO.replace(before, after) })
  expect(figures).toMatchObject(expected)
  expect(implausible.count).toBe(1)
})
