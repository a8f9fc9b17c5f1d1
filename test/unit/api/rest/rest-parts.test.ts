import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ApiConfig } from '../../../../packages/api/src/config.ts'
import { taskWarnings } from '../../../../packages/api/src/pct/parse-output.ts'
import { isHeld } from '../../../../packages/api/src/rest/config-lock.ts'
import { GRANTS, missingFor, neededByNothing } from '../../../../packages/api/src/rest/privileges.ts'
import { readToken } from '../../../../packages/api/src/rest/token-file.ts'
import { temporaryDirectory } from '../../../fakes/temporary-directory.ts'

describe('the token file', () => {
  const token = (text: string, mode = 0o640) => {
    const file = join(temporaryDirectory(), 'pve-token')
    writeFileSync(file, text)
    chmodSync(file, mode)
    return () => readToken(file)
  }

  test('holds one token, whose secret is in the header alone', () => {
    const read = token('# made by hand\nlxc-autoscale@pve!api-pve=6b7c0a52-0000-4000-8000-000000000001\n')()
    expect(read).toEqual({
      id: 'lxc-autoscale@pve!api-pve',
      header: 'PVEAPIToken=lxc-autoscale@pve!api-pve=6b7c0a52-0000-4000-8000-000000000001',
    })
  })

  test.each([
    ['of another form', 'lxc-autoscale@pve:hidden-word', 0o640, 'must hold one line'],
    ['with two', 'a@pve!b=hidden-word\na@pve!c=hidden-word', 0o640, 'must hold one line'],
    ['that all can read', 'a@pve!b=hidden-word', 0o644, 'can be read by every user'],
    ['that the group can write', 'a@pve!b=hidden-word', 0o660, 'can be read by every user, or written'],
  ])('%s is refused without telling it', (_, text, mode, why) => {
    expect(token(text, mode)).toThrow(why)
    expect(token(text, mode)).not.toThrow('hidden-word')
  })
})

test('the address is https, and the fingerprint one of SHA-256', () => {
  const rest = (section: object) => ApiConfig.safeParse({ lxc: { rest: section } }).success
  expect(rest({ url: 'https://[::1]:8006/', fingerprint: Array(32).fill('aB').join(':') })).toBe(true)
  for (const url of ['http://127.0.0.1:8006', 'https://a:b@pve:8006', 'https://pve:8006/api2', 'pve'])
    expect(rest({ url })).toBe(false)
  for (const fingerprint of ['', 'AB:CD', Array(20).fill('AB').join(':')]) expect(rest({ fingerprint })).toBe(false)
})

test('a lock of a container is seen among all of the host', () => {
  const locks =
    '1: FLOCK  ADVISORY  WRITE 812 00:1a:77 0 EOF\n2: POSIX  ADVISORY  WRITE 9 fe:00:16670723 0 EOF\n2: -> FLOCK  ADVISORY  WRITE 10 fe:00:16670723 0 EOF\n'
  expect(isHeld(locks, { dev: 65_024n, ino: 16_670_723n })).toBe(true)
  expect(isHeld(locks, { dev: 26n, ino: 77n })).toBe(true)
  expect(isHeld(locks, { dev: 65_024n, ino: 77n })).toBe(false)
})

test('what a task warned of is told, at least that it did', () => {
  expect(
    taskWarnings({ stdout: 'a\nWARN: low space\nTASK WARNINGS: 1\n', stderr: 'Task finished with 1 warning(s)!\n' }),
  ).toEqual(['low space'])
  expect(taskWarnings({ stdout: '', stderr: 'Task finished with 2 warning(s)!\n' })).toEqual([
    'Task finished with 2 warning(s)',
  ])
  expect(taskWarnings({ stdout: 'WARN: of something that is no task\n', stderr: '' })).toEqual([])
})

describe('what a token may', () => {
  const scaling = { '/vms': { 'VM.Audit': 1, 'VM.Config.CPU': 1, 'VM.Config.Memory': 1 }, '/nodes': { 'Sys.Audit': 1 } }

  test('is enough for a feature, or lacks what is named', () => {
    expect(missingFor('scaling', scaling)).toEqual([])
    expect(missingFor('scaling', { '/vms/101': scaling['/vms'], '/nodes': { 'Sys.Audit': 1 } })).toEqual([])
    expect(missingFor('scaling', { ...scaling, '/vms': { 'VM.Audit': 1 } })).toEqual([
      'VM.Config.CPU on /vms',
      'VM.Config.Memory on /vms',
    ])
    expect(missingFor('storage', scaling)).toContain('Datastore.AllocateSpace on /storage')
    expect(missingFor('cluster', { '/': { 'Sys.Audit': 0 } })).toEqual([])
    expect(missingFor('scaling', { '/': { 'Sys.Audit': 0 }, '/vms': scaling['/vms'] })).toEqual(['Sys.Audit on /nodes'])
    expect(
      missingFor('clones', {
        '/sdn': { 'SDN.Use': 1 },
        '/vms': { 'VM.Allocate': 1, 'VM.Clone': 1, 'VM.PowerMgmt': 1, 'VM.Snapshot': 1 },
        '/storage': { 'Datastore.AllocateSpace': 1 },
      }),
    ).toEqual([])
  })

  test('is too much when nothing here needs it', () => {
    expect(neededByNothing(scaling)).toEqual([])
    expect(neededByNothing({ ...scaling, '/': { 'Permissions.Modify': 1, 'Datastore.Audit': 1 } })).toEqual([
      'Permissions.Modify',
    ])
  })

  test('is named as Proxmox VE 8 and 9 both know it', () => {
    // Source: PVE::AccessControl of stable-bookworm and master: what both have, of what could be meant here.
    const KNOWN =
      /^(?:VM\.(?:Audit|Allocate|Clone|PowerMgmt|Snapshot|Config\.(?:CPU|Memory|Disk|Options))|Sys\.Audit|Datastore\.AllocateSpace|SDN\.Use)$/
    for (const { privileges } of GRANTS) for (const name of privileges) expect(name).toMatch(KNOWN)
  })
})
