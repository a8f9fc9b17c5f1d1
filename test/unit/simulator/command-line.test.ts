import { existsSync, readFileSync } from 'node:fs'
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

test('makes a cluster, moves it, and takes power and quorum of it', async () => {
  const root = scratchDirectory()
  expect(await run('create-cluster', root, '--containers', '4')).toMatchObject({
    exitCode: 0,
    stdout: `made ${root} with nodes a, b, c and 4 containers\n`,
  })
  expect(await run('run', root)).toMatchObject({ exitCode: 0 })
  expect(await run('run', `${root}/b`)).toMatchObject({ exitCode: 0 })
  const quorate = () => JSON.parse(readFileSync(`${root}/c/etc/pve/.members`, 'utf8')).cluster.quorate
  expect(await run('quorum', root, 'off')).toMatchObject({ exitCode: 0 })
  expect(quorate()).toBe(0)
  expect(await run('quorum', root, 'on')).toMatchObject({ exitCode: 0 })
  expect(quorate()).toBe(1)
  expect(await run('node', `${root}/a`, 'off')).toMatchObject({ exitCode: 0 })
  expect(JSON.parse(readFileSync(`${root}/c/etc/pve/.members`, 'utf8')).nodelist.a.online).toBe(0)
})

test.each([
  [['make', '/x'], 'expected create DIRECTORY, run DIRECTORY or another'],
  [['create'], 'expected create DIRECTORY, run DIRECTORY or another'],
  [['create', '/x', '--containers', 'many'], "--containers is 'many', expected a whole number"],
  [['node', '/x', 'up'], 'expected create DIRECTORY, run DIRECTORY or another'],
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
