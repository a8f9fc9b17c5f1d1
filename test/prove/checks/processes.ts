import type { ProcessSample, RoundRecord } from '../record.ts'
import { END_OF_ROUND } from '../supervised-daemon.ts'
import { at, type Check, verdictOf } from './check.ts'

/** Time beyond two cycles for starting on a machine that has other things to do. */
const START_UP_MS = 20_000

export const recovers: Check = {
  name: 'recovers by itself',
  about: `each daemon works again within two cycles after the last fault (and ${START_UP_MS / 1_000} s, since the machine is busy)`,
  run: record => {
    const { recovery, settings } = record
    if (isTooBusy(record)) return { exercised: 0, broken: [] }
    const limitMs = recovery.faultsOverMs + 2 * settings.intervalMs + START_UP_MS
    const daemons = [
      ['monitor', recovery.monitorMs],
      ['model', recovery.modelMs],
      ['api', recovery.apiMs],
    ] as const
    return verdictOf(daemons, ([name, ms]) => {
      if (ms !== undefined && ms <= limitMs) return undefined
      const found =
        ms === undefined
          ? `did not within ${recovery.patienceMs / 1_000} s`
          : `did so after ${((ms - recovery.faultsOverMs) / 1_000).toFixed(1)} s`
      return `the ${name} was to work again and ${found}: ${recovery.why}`
    })
  },
}

/** Who waits so long for a turn cannot tell whether somebody else is late. */
const MOST_LAG_MS = 1_500

function isTooBusy({ machineLagMs }: RoundRecord): boolean {
  return machineLagMs > MOST_LAG_MS
}

export const endsOnlyWhenAsked: Check = {
  name: 'no daemon ends by itself',
  about:
    'a daemon ends by a signal that ends it and by nothing else; the API alone may wait for its disk by being started again',
  run: record => {
    const ended = record.processes.filter(({ endedMs }) => endedMs !== undefined)
    return verdictOf(ended, ({ daemon, pid, endedMs = 0, ended: how, endedBy, isSecond, lastWords, startedMs }) => {
      if (endedBy !== undefined || isSecond || wasLocked(record, daemon, endedMs)) return undefined
      if (daemon === 'api' && isWithout(record, startedMs, endedMs)) return undefined
      return `${at(endedMs)} the ${daemon} (process ${pid}) ended with ${how}: ${lastWords.trim().split('\n').slice(-6).join(' | ')}`
    })
  },
}

/** The one that stood still while another took its place is to end. */
function wasLocked({ faults }: RoundRecord, daemon: string, atMs: number): boolean {
  return faults.some(({ fault, on, beganMs }) => fault === 'second' && on['daemon'] === daemon && atMs >= beganMs)
}

function isWithout({ faults }: RoundRecord, fromMs: number, untilMs: number): boolean {
  return faults.some(
    ({ fault, beganMs, endedMs }) =>
      (fault === 'disk' || fault === 'state-damaged') &&
      beganMs <= untilMs &&
      endedMs >= fromMs &&
      untilMs - fromMs < 5_000,
  )
}

export const oneOfEach: Check = {
  name: 'one process of each daemon',
  about: 'a second process of a daemon and the first do not both go on',
  run: record => {
    const seconds = record.faults.filter(({ fault, notDone }) => fault === 'second' && notDone === undefined)
    return verdictOf(seconds, ({ on }) => {
      const last = record.processes.filter(({ daemon, endedBy }) => daemon === on['daemon'] && endedBy === END_OF_ROUND)
      if (last.length <= 1) return undefined
      return `processes ${last.map(({ pid }) => pid).join(' and ')} of the ${on['daemon']} both went on until the end`
    })
  },
}

/** Two readers of one file for a moment are no leak. */
const MOST_ALIKE = 2
const MOST_RSS_MB = 400
const MOST_DESCRIPTORS = 100
const PER_CONTAINER = 30

export const noLeaks: Check = {
  name: 'no leak',
  about: `at the end no daemon has a file open more than ${MOST_ALIKE} times, more than ${MOST_DESCRIPTORS} descriptors and ${PER_CONTAINER} for each container, or ${MOST_RSS_MB} MB`,
  run: record => {
    const last = lastSamples(record.samples)
    const most = MOST_DESCRIPTORS + PER_CONTAINER * record.containerCount
    return verdictOf(last, ({ daemon, pid, rssMb, descriptors, doubled }) => {
      const often = doubled.filter(text => Number(/\((\d+) times\)$/.exec(text)?.[1] ?? 0) > MOST_ALIKE)
      if (often.length > 0) return `the ${daemon} (process ${pid}) has open: ${often.slice(0, 4).join(', ')}`
      if (rssMb > MOST_RSS_MB) return `the ${daemon} (process ${pid}) has ${Math.round(rssMb)} MB`
      return descriptors > most ? `the ${daemon} (process ${pid}) has ${descriptors} descriptors` : undefined
    })
  },
}

function lastSamples(samples: readonly ProcessSample[]): readonly ProcessSample[] {
  const last = new Map(samples.map(sample => [sample.pid, sample]))
  const endMs = Math.max(0, ...samples.map(({ atMs }) => atMs))
  return [...last.values()].filter(({ atMs }) => atMs > endMs - 1_000)
}

const STOP_MS = 6_000

export const stopsWhenAsked: Check = {
  name: 'stops when asked',
  about: `at the end each daemon heeds SIGTERM within ${STOP_MS / 1_000} s, with exit code 0`,
  run: record =>
    verdictOf(isTooBusy(record) ? [] : record.stops, ({ daemon, tookMs, ended }) =>
      ended === 0 && tookMs <= STOP_MS
        ? undefined
        : `the ${daemon} took ${(tookMs / 1_000).toFixed(1)} s to stop and ended with ${ended}`,
    ),
}
