import { describe, expect, test } from 'vitest'
import { CHECKS } from '../../prove/checks/index.ts'
import type { RoundRecord } from '../../prove/record.ts'
import {
  answered,
  CLIENT,
  entry,
  fault,
  growDisk,
  left,
  processRun,
  processSample,
  record,
  recovery,
  request,
  setCores,
  setMemory,
} from './made-up-record.ts'

interface Case {
  readonly check: string
  readonly what: string
  readonly parts: Partial<RoundRecord>
  /** A word of the sentence that says what is broken; undefined when all is well. */
  readonly says?: string
}

const shrink = setMemory({ atMs: 2_000, fromMb: 1_024, toMb: 640 })
const shrinkLine = entry(2_300, { asked: { memory: 640 } })
const storage = (number: number, answer = answered()) =>
  request({ number, path: '/scale/storage/increase', body: { lxc_id: 101, disk_size: number }, answer })

/** A shrink that was stopped while it was written, and its limit brought back in two steps. */
const broughtBack = [
  shrink,
  ...[1_025, 1_024].map((toMb, at) => setMemory({ atMs: 2_100 + at * 50, fromMb: 640, toMb })),
]
const stoppedLine = (warning?: string) =>
  entry(2_300, { asked: { memory: 640 }, before: { memory_mb: 1_024 }, outcome: 'failed', warning })

/** For each check something that it must say no to, and the nearest thing to which it must not. */
const CASES: readonly Case[] = [
  {
    check: 'no limit under the floor',
    what: 'a limit under the floor at the write',
    parts: { commands: [setMemory({ atMs: 2_000, fromMb: 1_024, toMb: 640, floorMb: 700 })], audit: [shrinkLine] },
    says: 'could not give up 700 MB',
  },
  {
    check: 'no limit under the floor',
    what: 'a limit above it',
    parts: { commands: [setMemory({ atMs: 2_000, fromMb: 1_024, toMb: 640, floorMb: 600 })], audit: [shrinkLine] },
  },
  {
    check: 'no limit under the floor',
    what: 'a person who wanted it so',
    parts: {
      commands: [setMemory({ atMs: 2_000, fromMb: 1_024, toMb: 640, floorMb: 700 })],
      audit: [entry(2_300, { asked: { memory: 640 }, force: true })],
    },
  },
  {
    check: 'no kill by a shrink',
    what: 'a kill a second after a smaller limit',
    parts: {
      commands: [shrink],
      audit: [shrinkLine],
      kills: [{ atMs: 3_000, vmid: 101, kills: 1, where: 'own limit' }],
    },
    says: 'lowered from 1024 to 640',
  },
  {
    check: 'no kill by a shrink',
    what: 'a kill of another container',
    parts: {
      commands: [shrink],
      audit: [shrinkLine],
      kills: [{ atMs: 3_000, vmid: 102, kills: 1, where: 'own limit' }],
    },
  },
  {
    check: 'no kill by a shrink',
    what: 'a kill whose need began after the write',
    parts: {
      commands: [shrink],
      audit: [shrinkLine],
      kills: [{ atMs: 3_000, vmid: 101, kills: 1, where: 'own limit' }],
      faults: [fault('out-of-memory', 2_500, 5_000, { vmid: 101 })],
    },
  },
  {
    check: 'no shrink on bad data',
    what: 'a shrink while the monitor stands still for long',
    parts: {
      commands: [setMemory({ atMs: 10_000, fromMb: 1_024, toMb: 640 })],
      audit: [entry(10_200, { asked: { memory: 640 } })],
      faults: [fault('stand-still', 1_000, 12_000, { daemon: 'monitor' })],
    },
    says: 'no new metrics',
  },
  {
    check: 'no shrink on bad data',
    what: 'a shrink while its memory cannot be measured',
    parts: {
      commands: [setMemory({ atMs: 6_000, fromMb: 1_024, toMb: 640 })],
      audit: [entry(6_200, { asked: { memory: 640 } })],
      faults: [fault('kernel-files', 1_000, 8_000, { vmid: 101, file: 'memory.stat', says: 'garbled' })],
    },
    says: 'memory.stat was garbled',
  },
  {
    check: 'no shrink on bad data',
    what: 'a shrink after that',
    parts: {
      commands: [setMemory({ atMs: 14_000, fromMb: 1_024, toMb: 640 })],
      audit: [entry(14_200, { asked: { memory: 640 } })],
      faults: [fault('stand-still', 1_000, 12_000, { daemon: 'monitor' })],
    },
  },
  {
    check: 'no more changes than allowed',
    what: 'five changes where four are allowed',
    parts: manyChanges(5),
    says: 'changed 5 times',
  },
  { check: 'no more changes than allowed', what: 'four changes', parts: manyChanges(4) },
  {
    check: 'shrinking waits',
    what: 'a shrink right after a change',
    parts: {
      commands: [
        setMemory({ atMs: 2_000, fromMb: 512, toMb: 1_024 }),
        setMemory({ atMs: 2_900, fromMb: 1_024, toMb: 640 }),
      ],
      audit: [entry(2_100, { asked: { memory: 1_024 } }), entry(3_000, { asked: { memory: 640 } })],
    },
    says: 'after the change before',
  },
  {
    check: 'shrinking waits',
    what: 'a shrink that has waited',
    parts: {
      commands: [
        setMemory({ atMs: 2_000, fromMb: 512, toMb: 1_024 }),
        setMemory({ atMs: 8_000, fromMb: 1_024, toMb: 640 }),
      ],
      audit: [entry(2_100, { asked: { memory: 1_024 } }), entry(8_100, { asked: { memory: 640 } })],
    },
  },
  {
    check: 'within the limits',
    what: 'more cores than the model may give',
    parts: { commands: [setCores(2_000, 4, 7)], audit: [entry(2_200, { asked: { cores: 7 } })] },
    says: 'cores 7 is outside 1 to 6',
  },
  {
    check: 'within the limits',
    what: 'as many for a client, whose limits are wider',
    parts: { commands: [setCores(2_000, 4, 7)], audit: [entry(2_200, { asked: { cores: 7 }, who: CLIENT })] },
  },
  {
    check: 'within the limits',
    what: 'a step towards them',
    parts: { commands: [setCores(2_000, 12, 9)], audit: [entry(2_200, { asked: { cores: 9 } })] },
  },
  {
    check: 'the host can carry it',
    what: 'growth while the host has no memory',
    parts: {
      commands: [setMemory({ atMs: 8_000, fromMb: 512, toMb: 1_024 })],
      faults: [fault('host-memory', 1_000, 12_000, { otherMb: 32_768 })],
    },
    says: 'the host had no memory',
  },
  {
    check: 'the host can carry it',
    what: 'a shrink then',
    parts: { commands: [shrink], faults: [fault('host-memory', 0, 8_000, { otherMb: 32_768 })] },
  },
  {
    check: 'the audit log explains the host',
    what: 'a change without a line',
    parts: { commands: [shrink] },
    says: 'no line of the audit log',
  },
  {
    check: 'the audit log explains the host',
    what: 'a line that tells of another change',
    parts: { commands: [shrink], audit: [entry(2_300, { asked: { memory: 512 } })] },
    says: 'no line of the audit log',
  },
  {
    check: 'the audit log explains the host',
    what: 'two changes and one line',
    parts: { commands: [growDisk(2_000, 3), growDisk(2_500, 3)], audit: [storageLine(2_600)] },
    says: 'no line of the audit log',
  },
  {
    check: 'the audit log explains the host',
    what: 'a line that came late, since the disk was full, and tells when it was asked for',
    parts: { commands: [shrink], audit: [{ ...entry(9_000, { asked: { memory: 640 } }), askedMs: 1_800 }] },
  },
  {
    check: 'the audit log explains the host',
    what: 'a line of the same, asked for later',
    parts: { commands: [shrink], audit: [{ ...entry(9_000, { asked: { memory: 640 } }), askedMs: 5_000 }] },
    says: 'no line of the audit log',
  },
  {
    check: 'the audit log explains the host',
    what: 'a change with its line',
    parts: { commands: [shrink], audit: [shrinkLine] },
  },
  {
    check: 'the audit log explains the host',
    what: 'a limit that was brought back without a word',
    parts: { commands: broughtBack.slice(0, 2), audit: [stoppedLine()] },
    says: 'pct set 101 -memory 1025 took effect',
  },
  {
    check: 'the audit log explains the host',
    what: 'a limit that was brought back, and is told of',
    parts: { commands: broughtBack, audit: [stoppedLine('1024 MB were brought back into force')] },
  },
  {
    check: 'no line of the audit log is lost',
    what: 'a line that is gone',
    parts: { audit: [shrinkLine] },
    says: '1 of 1 lines',
  },
  {
    check: 'no line of the audit log is lost',
    what: 'a line that a fault has taken',
    parts: { audit: [shrinkLine], faults: [fault('state-damaged', 0, 1_000, { file: 'audit.jsonl' })] },
  },
  {
    check: 'no line of the audit log is lost',
    what: 'a line that stands there',
    parts: { audit: [shrinkLine], left: left({ auditIds: [shrinkLine.entry.id] }) },
  },
  {
    check: 'refused means untouched',
    what: 'a change that is called refused',
    parts: { commands: [shrink], audit: [entry(2_300, { asked: { memory: 640 }, outcome: 'refused' })] },
    says: "the audit log says 'refused'",
  },
  {
    check: 'refused means untouched',
    what: 'the same refused before it was applied',
    parts: { commands: [shrink], audit: [entry(2_250, { asked: { memory: 640 }, outcome: 'refused' }), shrinkLine] },
  },
  {
    check: 'one id, one end',
    what: 'an id that ended twice',
    parts: { audit: [shrinkLine, { ...shrinkLine, entry: { ...shrinkLine.entry, outcome: 'unknown' } }] },
    says: 'ended 2 times: applied, unknown',
  },
  { check: 'one id, one end', what: 'an id that ended once', parts: { audit: [shrinkLine] } },
  {
    check: 'acknowledged is in the audit log',
    what: 'an answer of which the log knows nothing',
    parts: { requests: [request({ answer: answered() })] },
    says: 'the audit log says nothing',
  },
  {
    check: 'acknowledged is in the audit log',
    what: 'an answer that a fault has garbled',
    parts: {
      requests: [request({ isDirect: false, answer: answered() })],
      faults: [fault('network', 0, 5_000, { mode: 'garble' })],
    },
  },
  {
    check: 'acknowledged is in the audit log',
    what: 'one that it knows',
    parts: { requests: [request({ answer: answered() })], audit: [entry(2_000, { asked: { memory: 640 } })] },
  },
  {
    check: 'acknowledged is on the host',
    what: 'a change that nobody made',
    parts: { requests: [request({ answer: answered() })] },
    says: 'no command did it',
  },
  {
    check: 'acknowledged is on the host',
    what: 'one that was made before it was asked for',
    parts: {
      requests: [request({ sentMs: 5_000, answer: answered({ atMs: 6_000 }) })],
      commands: [shrink],
    },
    says: 'no command did it',
  },
  {
    check: 'acknowledged is on the host',
    what: 'one that was made',
    parts: { requests: [request({ answer: answered({ atMs: 2_500 }) })], commands: [shrink] },
  },
  {
    check: 'done once per Idempotency-Key',
    what: 'a disk that grew twice',
    parts: { requests: [storage(3), storage(3)], commands: [growDisk(2_000, 3), growDisk(4_000, 3)] },
    says: 'carried out 2 times',
  },
  {
    check: 'done once per Idempotency-Key',
    what: 'two requests',
    parts: { requests: [storage(3), storage(4)], commands: [growDisk(2_000, 3), growDisk(4_000, 4)] },
  },
  {
    check: 'everything on disk is valid',
    what: 'a file that cannot be read',
    parts: { left: left({ invalid: ['model-status.json cannot be read'] }) },
    says: 'cannot be read',
  },
  {
    check: 'everything on disk is valid',
    what: 'a change that was never ended',
    parts: { left: left({ begun: 1 }) },
    says: 'stand as begun',
  },
  {
    check: 'everything on disk is valid',
    what: 'good files',
    parts: { left: left({ files: [{ path: 'a', bytes: 1 }] }) },
  },
  {
    check: "a person's change wins",
    what: 'a change of the model 40 ms after that of a person',
    parts: {
      commands: [
        setMemory({ atMs: 2_000, fromMb: 1_024, toMb: 3_000, by: 'person' }),
        setMemory({ atMs: 2_040, fromMb: 3_000, toMb: 640 }),
      ],
      audit: [entry(2_300, { asked: { memory: 640 } })],
    },
    says: '0.04 s after a person had',
  },
  {
    check: "a person's change wins",
    what: 'a change of the model after that of a client of the API',
    parts: {
      commands: [setCores(2_000, 2, 3), setMemory({ atMs: 6_000, fromMb: 1_024, toMb: 640 })],
      audit: [entry(2_200, { asked: { cores: 3 }, who: CLIENT }), entry(6_300, { asked: { memory: 640 } })],
    },
    says: 'through the API',
  },
  {
    check: "a person's change wins",
    what: 'a change of the model when the truce is over',
    parts: {
      commands: [
        setMemory({ atMs: 2_000, fromMb: 1_024, toMb: 3_000, by: 'person' }),
        setMemory({ atMs: 13_000, fromMb: 3_000, toMb: 640 }),
      ],
      audit: [entry(13_300, { asked: { memory: 640 } })],
    },
  },
  {
    check: 'daemons down change nothing',
    what: 'a command while no API runs',
    parts: {
      processes: [
        processRun({ daemon: 'api', startedMs: 0, endedMs: 1_000 }),
        processRun({ daemon: 'api', startedMs: 9_000 }),
      ],
      commands: [setMemory({ atMs: 5_000, fromMb: 1_024, toMb: 640 })],
    },
    says: 'began while no API ran',
  },
  {
    check: 'daemons down change nothing',
    what: 'a command before',
    parts: {
      processes: [processRun({ daemon: 'api', endedMs: 6_000 }), processRun({ daemon: 'api', startedMs: 9_000 })],
      commands: [setMemory({ atMs: 5_000, fromMb: 1_024, toMb: 640 })],
    },
  },
  {
    check: 'a dry run changes nothing',
    what: 'a request of the model in a dry run',
    parts: { settings: { ...record().settings, isDryRun: true }, audit: [shrinkLine] },
    says: 'in a dry run',
  },
  {
    check: 'a dry run changes nothing',
    what: 'a request of the model in a dry run that was set while it ran',
    parts: {
      audit: [entry(8_000, { asked: { memory: 640 } })],
      faults: [fault('configuration', 1_000, 10_000, { daemon: 'model', edit: 'good' })],
    },
    says: 'in a dry run',
  },
  {
    check: 'a dry run changes nothing',
    what: 'a request of somebody else',
    parts: {
      settings: { ...record().settings, isDryRun: true },
      audit: [entry(2_300, { asked: { memory: 640 }, who: CLIENT })],
    },
  },
  {
    check: 'no loop of the same refused request',
    what: 'what was refused asked for again and again',
    parts: {
      processes: [processRun({})],
      audit: [1, 2, 3, 4].map(at => entry(at * 1_000, { asked: { memory: 640 }, outcome: 'refused' })),
    },
    says: 'asked 4 times',
  },
  {
    check: 'no loop of the same refused request',
    what: 'what was counted together',
    parts: {
      processes: [processRun({})],
      audit: [entry(1_000, { asked: { memory: 640 }, outcome: 'refused', count: 200 })],
    },
    says: 'asked 200 times',
  },
  {
    check: 'no loop of the same refused request',
    what: 'twice',
    parts: {
      processes: [processRun({})],
      audit: [1, 2].map(at => entry(at * 1_000, { asked: { memory: 640 }, outcome: 'refused' })),
    },
  },
  {
    check: 'recovers by itself',
    what: 'a model that never decides again',
    parts: { recovery: recovery({ modelMs: undefined }) },
    says: 'the model was to work again',
  },
  {
    check: 'recovers by itself',
    what: 'a monitor that takes long',
    parts: { recovery: recovery({ monitorMs: 90_000 }) },
    says: 'after 30.0 s',
  },
  { check: 'recovers by itself', what: 'all three at once', parts: {} },
  {
    check: 'recovers by itself',
    what: 'a machine on which nobody gets a turn',
    parts: { recovery: recovery({ modelMs: undefined }), machineLagMs: 4_000 },
  },
  {
    check: 'no daemon ends by itself',
    what: 'a model that says that it has a bug',
    parts: { processes: [processRun({ endedMs: 3_000, ended: 1, lastWords: 'FATAL bug; leaving' })] },
    says: 'FATAL bug; leaving',
  },
  {
    check: 'no daemon ends by itself',
    what: 'a model that was killed',
    parts: { processes: [processRun({ endedMs: 3_000, ended: 'SIGKILL', endedBy: 'kill' })] },
  },
  {
    check: 'one process of each daemon',
    what: 'two that go on',
    parts: {
      faults: [fault('second', 0, 12_000, { daemon: 'monitor' })],
      processes: [1, 2].map(pid => processRun({ daemon: 'monitor', pid, endedBy: 'the end of the round' })),
    },
    says: 'processes 1 and 2',
  },
  {
    check: 'one process of each daemon',
    what: 'one that went',
    parts: {
      faults: [fault('second', 0, 12_000, { daemon: 'monitor' })],
      processes: [
        processRun({ daemon: 'monitor', pid: 1, endedMs: 13_000, ended: 1 }),
        processRun({ daemon: 'monitor', pid: 2, endedBy: 'the end of the round' }),
      ],
    },
  },
  {
    check: 'no leak',
    what: 'a file that is open four times',
    parts: { samples: [processSample({ doubled: ['/proc/meminfo (4 times)'] })] },
    says: '/proc/meminfo (4 times)',
  },
  { check: 'no leak', what: 'much memory', parts: { samples: [processSample({ rssMb: 900 })] }, says: 'has 900 MB' },
  {
    check: 'no leak',
    what: 'many descriptors',
    parts: { samples: [processSample({ descriptors: 900 })] },
    says: 'has 900 descriptors',
  },
  {
    check: 'no leak',
    what: 'a file that is open twice',
    parts: { samples: [processSample({ doubled: ['/a (2 times)'] })] },
  },
  {
    check: 'stops when asked',
    what: 'one that must be killed',
    parts: { stops: [{ daemon: 'model', tookMs: 12_000, ended: 'SIGKILL' }] },
    says: 'took 12.0 s',
  },
  { check: 'stops when asked', what: 'one that stops', parts: { stops: [{ daemon: 'model', tookMs: 300, ended: 0 }] } },
  {
    check: 'no temporary file stays',
    what: 'one that stayed',
    parts: { left: left({ files: [{ path: 'lib/model-pending.json.123.tmp', bytes: 10 }] }) },
    says: 'is left',
  },
  {
    check: 'no temporary file stays',
    what: 'another file',
    parts: { left: left({ files: [{ path: 'lib/model-pending.json', bytes: 10 }] }) },
  },
  {
    check: 'what is set aside is bounded',
    what: 'four copies of one file',
    parts: { left: left({ files: setAside(4) }) },
    says: '4 damaged copies',
  },
  { check: 'what is set aside is bounded', what: 'three', parts: { left: left({ files: setAside(3) }) } },
  {
    check: 'logs are bounded',
    what: 'a log that is much larger than it may be',
    parts: { left: left({ files: [{ path: 'log/model.log', bytes: 10_000_000 }] }) },
    says: 'have 10000000 bytes',
  },
  {
    check: 'logs are bounded',
    what: 'a log and its backups',
    parts: { left: left({ files: ['', '.1', '.2'].map(end => ({ path: `log/model.log${end}`, bytes: 20_000 })) }) },
  },
  {
    check: 'no process stays',
    what: 'one that stayed',
    parts: { left: left({ processes: ['node lxc-monitor.mjs'] }) },
    says: 'lxc-monitor',
  },
  { check: 'no process stays', what: 'none', parts: {} },
]

test.each(CASES)('$check: $what', ({ check, parts, says }) => {
  const found = CHECKS.find(({ name }) => name === check)
  const { broken } = found?.run(record(parts)) ?? { broken: ['there is no such check'] }
  if (says === undefined) expect(broken).toEqual([])
  else {
    expect(broken).toHaveLength(1)
    expect(broken[0]).toContain(says)
  }
})

describe('each check', () => {
  test.each(CHECKS.map(({ name }) => name))('%s can fail and can hold', name => {
    const cases = CASES.filter(({ check }) => check === name)
    expect(cases.some(({ says }) => says !== undefined)).toBe(true)
    expect(cases.some(({ says }) => says === undefined)).toBe(true)
  })

  test('holds where nothing happened', () => {
    expect(CHECKS.flatMap(check => check.run(record()).broken)).toEqual([])
  })
})

function manyChanges(count: number): Partial<RoundRecord> {
  const times = Array.from({ length: count }, (_, at) => ({ atMs: 2_000 + at * 5_000, toMb: 1_024 + at * 64 }))
  return {
    commands: times.map(({ atMs, toMb }) => setMemory({ atMs, fromMb: toMb - 64, toMb })),
    audit: times.map(({ atMs, toMb }) => entry(atMs + 200, { asked: { memory: toMb } })),
  }
}

function storageLine(atMs: number) {
  return entry(atMs, { asked: { disk_size: 3 }, action: 'storage-increase' })
}

function setAside(count: number) {
  return Array.from({ length: count }, (_, at) => ({ path: `log/lxc_metrics.json.unreadable-${at}`, bytes: 10 }))
}
