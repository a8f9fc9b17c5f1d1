import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { holdConfigLock } from '../hold-config-lock.ts'
import type { Site } from '../site.ts'
import type { Fault } from './fault.ts'

const ofContainer = (on: { readonly [key: string]: unknown }) => [`container:${on['vmid']}`]

/** Longer than the look after the work, shorter than a client waits before it asks again. */
const AWAY_MS = 1_500
const WRITTEN_MS = 150
const ANSWERED_MS = 600

export const locked: Fault = {
  name: 'locked',
  about: 'Proxmox holds a lock on the container (backup, snapshot, migrate, ...)',
  plan: (random, { vmids }) => ({
    forMs: random.integer(1_000, 6_000),
    on: { vmid: random.pick(vmids), lock: random.pick(['backup', 'snapshot', 'migrate', 'rollback', 'disk']) },
  }),
  resources: ofContainer,
  begin: async (site, on) => {
    await site.pct('set', String(on['vmid']), '-lock', String(on['lock']))
    return async () => {
      await site.pct('unlock', String(on['vmid']))
    }
  },
}

export const lockHeld: Fault = {
  name: 'lock-held',
  about: "another process holds the file lock of the container's configuration, so that pct waits",
  plan: (random, { vmids }) => ({ forMs: random.pick([800, 2_000, 6_000]), on: { vmid: random.pick(vmids) } }),
  resources: ofContainer,
  begin: (site, on) => holdConfigLock(site.host.root, Number(on['vmid'])),
}

export const migrated: Fault = {
  name: 'migrated',
  about: 'the container is migrated to another node, and comes back',
  plan: (random, { vmids }) => ({ forMs: random.integer(1_000, 5_000), on: { vmid: random.pick(vmids) } }),
  resources: ofContainer,
  begin: async (site, on) => {
    const vmid = Number(on['vmid'])
    const here = confPath(site, vmid)
    const there = here.replace('/nodes/pve/', '/nodes/other/')
    await site.pct('stop', String(vmid))
    mkdirSync(dirname(there), { recursive: true })
    renameSync(here, there)
    return async () => {
      renameSync(there, here)
      await site.pct('start', String(vmid))
    }
  },
}

export const goneAtOnce: Fault = {
  name: 'gone-at-once',
  about:
    'in the moment in which pct has done its work, the container is migrated away or its configuration cannot be read',
  plan: (random, { vmids }) => {
    // Of those that a client changes, too, which asks again with the same Idempotency-Key.
    const own = vmids.filter((_, at) => at % 2 === 1)
    const vmid = random.pick(own.length > 0 ? own : vmids)
    return { forMs: 7_000, on: { vmid, isMigrated: random.isLucky(0.5), subcommand: random.pick(['set', 'resize']) } }
  },
  resources: on => ['pct', ...ofContainer(on)],
  begin: async (site, on) => {
    const vmid = Number(on['vmid'])
    const here = confPath(site, vmid)
    const away = on['isMigrated'] === true ? here.replace('/nodes/pve/', '/nodes/other/') : `${here}.away`
    const comeBack = () => {
      if (!existsSync(away)) return
      // A command that had read it before it went has written it here again: that is the newer one.
      if (existsSync(here) && statSync(here).isFile()) return rmSync(away)
      if (existsSync(here)) rmdirSync(here)
      renameSync(away, here)
    }
    mkdirSync(dirname(away), { recursive: true })
    await site.setCommandFault('pct', {
      command: 'pct',
      subcommand: String(on['subcommand']),
      vmid,
      kind: 'answer-late',
      delayMs: ANSWERED_MS,
    })
    let timer: NodeJS.Timeout | undefined
    const goAway = () => {
      renameSync(here, away)
      if (on['isMigrated'] !== true) mkdirSync(here)
      timer = setTimeout(comeBack, AWAY_MS)
    }
    // The configuration is written after the rest.
    site.onDeed(vmid, () => {
      timer = setTimeout(goAway, WRITTEN_MS)
    })
    return async () => {
      site.onDeed(vmid, undefined)
      clearTimeout(timer)
      comeBack()
      await site.setCommandFault('pct', undefined)
    }
  },
}

export const recreated: Fault = {
  name: 're-created',
  about: 'the container is destroyed, and another one is made with its number',
  plan: (random, { vmids }) => ({
    forMs: random.integer(300, 2_500),
    on: { vmid: random.pick(vmids), memoryMb: random.pick([512, 1_024, 1_792]), cores: random.integer(1, 4) },
  }),
  resources: ofContainer,
  begin: async (site, on) => {
    const vmid = Number(on['vmid'])
    const path = confPath(site, vmid)
    await site.pct('stop', String(vmid))
    const text = readFileSync(path, 'utf8')
    renameSync(path, `${site.asideDirectory}/${vmid}.conf`)
    return async () => {
      const live = text.replace(/^\[(?:.|\n)*$/m, '')
      const made = live
        .replace(/^memory: .*$/m, `memory: ${on['memoryMb']}`)
        .replace(/^cores: .*$/m, `cores: ${on['cores']}`)
      writeFileSync(path, made.replace(/^hostname: .*$/m, `hostname: another${vmid}`).replace(/^lock: .*\n/m, ''))
      await site.pct('start', String(vmid))
    }
  },
}

export const comesAndGoes: Fault = {
  name: 'comes-and-goes',
  about: 'the container is stopped and started again, also several at once',
  plan: (random, { vmids }) => ({
    forMs: random.integer(500, 4_000),
    on: { vmid: random.pick(vmids), isSeveral: random.isLucky(0.3) },
  }),
  resources: on => (on['isSeveral'] === true ? ['containers', ...ofContainer(on)] : ofContainer(on)),
  begin: async (site, on) => {
    const vmids =
      on['isSeveral'] === true ? site.plan.containers.map(({ vmid }) => vmid).slice(0, 20) : [Number(on['vmid'])]
    for (const vmid of vmids) await site.pct('stop', String(vmid))
    return async () => {
      for (const vmid of vmids) await site.pct('start', String(vmid))
    }
  },
}

export const outOfMemory: Fault = {
  name: 'out-of-memory',
  about: 'the processes of the container want more memory at once: more than it has, or all that is left',
  plan: (random, { vmids }) => ({
    forMs: random.integer(1_500, 6_000),
    on: { vmid: random.pick(vmids), addedMb: random.pick([150, 300, 600, 1_200, 4_000]) },
  }),
  resources: on => [`demand:${on['vmid']}`],
  begin: async (site, on) => {
    const name = `memory:${on['vmid']}`
    await site.setHost(name, { addedMemoryMb: { [String(on['vmid'])]: Number(on['addedMb']) } })
    return () => site.setHost(name, undefined)
  },
}

export const frozen: Fault = {
  name: 'frozen',
  about: 'the container is frozen (lxc-freeze, a snapshot): nothing in it moves',
  plan: (random, { vmids }) => ({ forMs: random.integer(1_500, 5_000), on: { vmid: random.pick(vmids) } }),
  resources: ofContainer,
  begin: async (site, on) => {
    const group = `${site.host.paths.cgroup}/lxc/${on['vmid']}`
    const files = ['cpu.stat', 'cpu.pressure', 'io.stat', 'io.pressure'].map(name => `${group}/${name}`)
    for (const file of files) if (existsSync(file)) site.kernelTexts.set(file, readFileSync(file, 'utf8'))
    return () => {
      for (const file of files) site.kernelTexts.delete(file)
    }
  },
}

function confPath(site: Site, vmid: number): string {
  return `${site.host.paths.pve}/nodes/pve/lxc/${vmid}.conf`
}
