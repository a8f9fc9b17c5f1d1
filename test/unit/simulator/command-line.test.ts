import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runCommandLine } from '../../../packages/simulator/src/command-line.ts'
import { scratchDirectory } from './pretend-host.ts'

async function run(...words: string[]) {
  let stdout = ''
  let stderr = ''
  const exitCode = await runCommandLine(words, {
    out: text => {
      stdout += text
    },
    err: text => {
      stderr += text
    },
    signal: AbortSignal.abort(),
  })
  return { stdout, stderr, exitCode }
}

test('makes a host with one container of each shape, and moves it until it is stopped', async () => {
  const root = scratchDirectory()
  expect(await run('create', root)).toMatchObject({ exitCode: 0, stderr: '' })
  expect(existsSync(`${root}/etc/pve/lxc/109.conf`)).toBe(true)
  expect(await run('run', root, '--speed', '60')).toMatchObject({ exitCode: 0 })
})

test.each([
  [['make', '/x'], 'expected create DIRECTORY, run DIRECTORY or rest DIRECTORY'],
  [['create'], 'expected create DIRECTORY, run DIRECTORY or rest DIRECTORY'],
  [['create', '/x', '--containers', 'many'], "--containers is 'many', expected a whole number"],
  [['run', '/x', '--speed', '0'], "--speed is '0', expected a number above 0"],
  [['create', '/x', '--shape', 'round'], "--shape is 'round', expected one of idle, steady"],
  [['create', '/x', '--nonsense'], "Unknown option '--nonsense'"],
])('%j is refused with a reason and the usage', async (words, reason) => {
  const { stderr, exitCode } = await run(...words)
  expect(exitCode).toBe(2)
  expect(stderr).toContain(reason)
  expect(stderr).toContain('Usage: lxc-simulator create')
})

test('a directory that is no host is named', async () => {
  const root = scratchDirectory()
  expect(await run('run', root)).toMatchObject({ exitCode: 1, stderr: `lxc-simulator: no pretend host in ${root}\n` })
})
