import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DAEMON_NAMES } from '../daemon-names.ts'
import type { Site } from '../site.ts'
import { type EndFault, type Fault, nothingToEnd } from './fault.ts'
import { slowSyncs } from './slow-syncs.ts'

const KINDS = ['full', 'no-inodes', 'read-only'] as const

export const disk: Fault = {
  name: 'disk',
  about: 'the disk of the state and log folders is full, has no inodes left, or the folders are read-only',
  plan: random => ({ forMs: random.integer(2_000, 8_000), on: { kind: random.pick(KINDS) } }),
  resources: () => ['disk', 'metrics', 'state'],
  unavailable: ({ canMount }) => (canMount ? undefined : 'needs root, to mount a small disk'),
  begin: async (site, on) => {
    if (on['kind'] === 'full') return fill(site)
    if (on['kind'] === 'no-inodes') return useUpInodes(site)
    const folders = [site.stateDirectory, site.logDirectory]
    execFileSync('chattr', ['+i', ...folders])
    return () => void execFileSync('chattr', ['-i', ...folders])
  },
}

function fill(site: Site): EndFault {
  const file = join(site.diskDirectory, 'filler')
  const write = () => {
    let handle: number
    try {
      handle = openSync(file, 'a')
    } catch {
      // Not even that.
      return
    }
    try {
      for (let bytes = 65_536; bytes >= 1; ) {
        try {
          writeSync(handle, Buffer.alloc(bytes))
        } catch {
          // No room for so much: for less.
          bytes = Math.floor(bytes / 2)
        }
      }
    } finally {
      closeSync(handle)
    }
  }
  write()
  // What a rotation frees is taken at once.
  const timer = setInterval(write, 300)
  return () => {
    clearInterval(timer)
    rmSync(file, { force: true })
  }
}

function useUpInodes(site: Site): EndFault {
  const folder = join(site.diskDirectory, 'fillers')
  mkdirSync(folder)
  const use = () => {
    try {
      for (let number = readdirSync(folder).length; ; number++) writeFileSync(join(folder, String(number)), '')
    } catch {
      // That was the last one.
    }
  }
  use()
  const timer = setInterval(use, 300)
  return () => {
    clearInterval(timer)
    rmSync(folder, { recursive: true, force: true })
  }
}

export const slowDisk: Fault = {
  name: 'slow-disk',
  about: 'each sync to the disk takes half a second',
  plan: random => ({ forMs: random.integer(2_000, 6_000), on: { daemon: random.pick(DAEMON_NAMES) } }),
  resources: on => ['disk', `daemon:${on['daemon']}`],
  unavailable: ({ canSlowSync }) => (canSlowSync ? undefined : 'needs root and strace, to hold a system call'),
  begin: async (site, on) => {
    const daemon = DAEMON_NAMES.find(name => name === on['daemon']) ?? 'api'
    const { pid } = site.daemons[daemon]
    return pid === undefined ? nothingToEnd : slowSyncs(pid, 500)
  },
}
