import type { HistoryEntryBody } from '@lxc-autoscale/core'
import { historyEntry } from '../../builders/history-entry.ts'
import type {
  CarriedOutFault,
  Deed,
  HostCommandRun,
  LeftOvers,
  Limits,
  ProcessRun,
  ProcessSample,
  Recovery,
  RoundRecord,
  SeenEntry,
  SentRequest,
} from '../../prove/record.ts'
import { planRound } from '../../prove/schedule.ts'

const plan = planRound({ seed: 1, round: 0, durationMs: 20_000, containerCount: 4, faults: [] })

/** A round in which all went well and nothing happened, but for what is given. */
export function record(parts: Partial<RoundRecord> = {}): RoundRecord {
  return {
    settings: { ...plan.settings, isDryRun: false, maxChangesPerHour: 4, truceMs: 10_000, shrinkCooldownMs: 3_000 },
    containerCount: 4,
    faults: [],
    commands: [],
    kills: [],
    requests: [],
    audit: [],
    processes: [],
    samples: [],
    recovery: recovery(),
    stops: [],
    machineLagMs: 40,
    left: left(),
    ...parts,
  }
}

export function recovery(parts: Partial<Recovery> = {}): Recovery {
  return {
    faultsOverMs: 60_000,
    monitorMs: 61_000,
    modelMs: 61_000,
    apiMs: 61_000,
    patienceMs: 25_000,
    why: '',
    ...parts,
  }
}

export function left(parts: Partial<LeftOvers> = {}): LeftOvers {
  return { files: [], invalid: [], processes: [], begun: 0, auditIds: [], auditBytes: 0, ...parts }
}

export function fault(name: string, beganMs: number, endedMs: number, on: CarriedOutFault['on'] = {}): CarriedOutFault {
  return { fault: name, atMs: beganMs, forMs: endedMs - beganMs, on, beganMs, endedMs }
}

interface SetMemory {
  readonly atMs: number
  readonly vmid?: number
  readonly fromMb: number
  readonly toMb: number
  readonly floorMb?: number
  readonly kills?: number
  readonly by?: HostCommandRun['by']
}

/** `pct set VMID -memory MB` that took effect. */
export function setMemory({
  atMs,
  vmid = 101,
  fromMb,
  toMb,
  floorMb = 50,
  kills = 0,
  by = 'api',
}: SetMemory): HostCommandRun {
  const deeds: Deed[] = [
    { kind: 'memory', atMs, vmid, fromMb, toMb, floorMb, kills },
    { kind: 'limits', atMs, vmid, before: limits({ memoryMb: fromMb }), after: limits({ memoryMb: toMb }) },
  ]
  return command({ words: ['set', String(vmid), '-memory', String(toMb)], beganMs: atMs - 100, deeds, by })
}

/** `pct set VMID -cores N` that took effect. */
export function setCores(atMs: number, fromCores: number, toCores: number, vmid = 101): HostCommandRun {
  const deeds: Deed[] = [
    { kind: 'limits', atMs, vmid, before: limits({ cores: fromCores }), after: limits({ cores: toCores }) },
  ]
  return command({ words: ['set', String(vmid), '-cores', String(toCores)], beganMs: atMs - 100, deeds })
}

/** `pct resize VMID rootfs +NG` that took effect. */
export function growDisk(atMs: number, addedGb: number, vmid = 101): HostCommandRun {
  const deeds: Deed[] = [{ kind: 'disk', atMs, vmid, fromGb: 8, toGb: 8 + addedGb }]
  return command({ words: ['resize', String(vmid), 'rootfs', `+${addedGb}G`], beganMs: atMs - 100, deeds })
}

function limits(parts: Partial<Limits>): Limits {
  return { cores: 2, cpulimit: undefined, memoryMb: 1_024, ...parts }
}

function command(parts: Partial<HostCommandRun>): HostCommandRun {
  return {
    by: 'api',
    pid: 4_711,
    command: 'pct',
    words: [],
    beganMs: 0,
    endedMs: (parts.beganMs ?? 0) + 200,
    exitCode: 0,
    deeds: [],
    ...parts,
  }
}

type Asked = Readonly<Record<string, unknown>>

/** The line of a change that was seen `atMs`. */
export function entry(atMs: number, parts: Partial<HistoryEntryBody> & { readonly asked: Asked }): SeenEntry {
  return {
    isOfAudit: true,
    askedMs: undefined,
    afterMs: atMs - 200,
    atMs,
    entry: historyEntry({ id: `change-${atMs}`, duration_seconds: 0.5, before: null, after: null, ...parts }),
  }
}

/** Who sends the requests of a round. */
export const CLIENT = { key: 'client', role: 'admin', address: '127.0.0.1' }

export function request(parts: Partial<SentRequest>): SentRequest {
  return {
    number: 1,
    attempt: 1,
    idempotencyKey: 'prove-1',
    path: '/scale/ram',
    vmid: 101,
    body: { lxc_id: 101, memory: 640 },
    isDirect: true,
    sentMs: 1_000,
    answer: undefined,
    ...parts,
  }
}

export function answered(parts: Partial<NonNullable<SentRequest['answer']>> = {}): NonNullable<SentRequest['answer']> {
  return {
    atMs: 2_000,
    status: 200,
    error: undefined,
    changeId: 'change-2000',
    changed: true,
    after: undefined,
    ...parts,
  }
}

export function processRun(parts: Partial<ProcessRun>): ProcessRun {
  return {
    daemon: 'model',
    pid: 1_000,
    startedMs: 0,
    endedMs: undefined,
    ended: undefined,
    endedBy: undefined,
    isSecond: false,
    lastWords: '',
    ...parts,
  }
}

export function processSample(parts: Partial<ProcessSample>): ProcessSample {
  return { atMs: 60_000, daemon: 'monitor', pid: 1_000, rssMb: 80, descriptors: 40, doubled: [], children: 0, ...parts }
}
