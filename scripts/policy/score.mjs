import { bill, largest, DEFAULT_SWAP_MB as SWAP_MB, sampleWeightsS } from '@lxc-autoscale/replay'

const SECONDS_PER_DAY = 86_400
const LEAST_MEMORY_MB = 64

/** What a trace begins with: what it says, else half as much again as its peak, on the grid of `coresStep`. */
export function withStart(trace, coresStep) {
  return {
    ...trace,
    initialCores:
      trace.cpuCores &&
      Math.max(coresStep, onGrid(trace.initialCores ?? Math.ceil(1.5 * largest(trace.cpuCores)), coresStep)),
    initialMemoryMb:
      trace.memoryMb &&
      Math.max(LEAST_MEMORY_MB, Math.ceil(trace.initialMemoryMb ?? Math.ceil(1.5 * largest(trace.memoryMb)))),
  }
}

/** What a host could give at the most: twice the peak, so that no policy buys safety with what nobody has. */
function mostOf({ cpuCores, memoryMb }) {
  return {
    cores: Math.max(2, Math.ceil(2 * largest(cpuCores))),
    memoryMb: Math.max(LEAST_MEMORY_MB, Math.ceil(2 * largest(memoryMb))),
  }
}

/**
 * Figures of a run per resource, without the warm-up: the first day, a quarter of what is shorter than two. Undefined
 * where the trace lacks the resource.
 */
export function score(trace, run) {
  return scoreFrom(warmUpSamples(trace, sampleWeightsS(trace)[0]), trace, run)
}

/** The same of all samples but so many. */
export function scoreFrom(from, trace, run) {
  const weightsS = sampleWeightsS(trace)
  const days = weightsS.subarray(from).reduce((sum, weightS) => sum + weightS, 0) / SECONDS_PER_DAY
  const most = mostOf(trace)
  const cores = scored(run.cores, most.cores, from)
  const memoryMb = scored(run.memoryMb, most.memoryMb, from)
  const known = { ...trace, cpuCores: unknownUntil(from, trace.cpuCores), memoryMb: unknownUntil(from, trace.memoryMb) }
  const { cpu, memory } = bill(known, { cores, memoryMb, changes: [] }, SWAP_MB)
  const beyondSwap = memoryMb?.map(mb => mb + SWAP_MB)
  return {
    cpu: cpu && figures(cpu, days),
    memory: memory && {
      ...figures(memory, days),
      entries: memory.shortEpisodes - Number(isShortAcross(from, trace.memoryMb, memoryMb)),
      beyondSwap: memory.kills - Number(isShortAcross(from, trace.memoryMb, beyondSwap)),
    },
  }
}

function figures({ slackPercent, shortPercent, changes }, days) {
  return { days, unusedPercent: slackPercent, shortPercent, changesPerDay: changes / days }
}

function warmUpSamples({ timesS }, stepS) {
  const spanS = timesS.at(-1) - timesS[0] + stepS
  const endS = timesS[0] + (spanS >= 2 * SECONDS_PER_DAY ? SECONDS_PER_DAY : spanS / 4)
  const from = timesS.findIndex(timeS => timeS >= endS)
  return from < 0 ? timesS.length : from
}

/** The allocation with decisions limited to `most`; what it was before the last sample of the warm-up does not count. */
function scored(allocation, most, from) {
  let given = allocation?.[0]
  const inForce = allocation?.map((amount, index) => {
    if (index > 0 && amount !== allocation[index - 1]) given = Math.min(amount, most)
    return given
  })
  return from === 0 ? inForce : inForce?.fill(inForce[from - 1], 0, from)
}

function unknownUntil(from, demand) {
  return demand?.map((wanted, index) => (index < from ? Number.NaN : wanted))
}

/** It was short before the warm-up ended and still is: no new entry. */
function isShortAcross(from, demand, given) {
  return from > 0 && [from - 1, from].every(index => demand[index] > given[index] + 1e-9)
}

/**
 * The trace without the samples in which both resources exceed their neighbours by 15 % for one sample only: a
 * restarting task is counted twice there by archives that add up the tasks of a job.
 */
export function withoutDoubled(trace) {
  const { timesS, cpuCores, memoryMb } = trace
  if (cpuCores === undefined || memoryMb === undefined) return trace
  const isAbove = (values, at) =>
    values[at] > 1.15 * Math.max(median(values.subarray(at - 3, at)), median(values.subarray(at + 1, at + 4)))
  const isKept = timesS.map((_, at) => {
    const isInside = at >= 3 && at < timesS.length - 3
    return Number(
      !(isInside && isAbove(memoryMb, at) && memoryMb[at + 1] < memoryMb[at] / 1.15 && isAbove(cpuCores, at)),
    )
  })
  const kept = values => values.filter((_, at) => isKept[at] === 1)
  return { ...trace, timesS: kept(timesS), cpuCores: kept(cpuCores), memoryMb: kept(memoryMb) }
}

function median(three) {
  return three.toSorted()[1]
}

function onGrid(cores, step) {
  return Math.ceil(cores / step - 1e-7) / Math.round(1 / step)
}
