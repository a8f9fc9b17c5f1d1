import { BYTES_PER_MB, MS_PER_SECOND, type PastFigure, type PastStep } from '@lxc-autoscale/core'
import { between, MOST_CORES, MOST_HOST_BYTES, MOST_PERCENT } from '../bounds.ts'

/** The figures of Proxmox that count here, by its names. Source: pve-cluster, src/pmxcfs/status.c, rrd_def_vm_pve9_0. */
export const PAST_SOURCES = ['cpu', 'maxcpu', 'mem', 'maxmem', 'pressurecpusome'] as const
export type PastSource = (typeof PAST_SOURCES)[number]

/** One step by one function. `cpu` is a share of `maxcpu`, memory is bytes, pressure per cent. */
export type PastValues = Readonly<Partial<Record<PastSource, number | undefined>>>

/**
 * What can be used of what is allowed. A little more than all of it: the counter and the clock are not read at one moment, and a
 * container keeps the cores that were taken from it for ten seconds.
 */
const MOST_SHARE = 1.5

/** The step by its means and its highest minutes; undefined when nothing of it is known. */
export function pastStep(
  { startSeconds, stepSeconds }: { readonly startSeconds: number; readonly stepSeconds: number },
  mean: PastValues,
  peak: PastValues,
): PastStep | undefined {
  const cores = between(mean.maxcpu, Number.MIN_VALUE, MOST_CORES)
  const mostCores = between(peak.maxcpu, Number.MIN_VALUE, MOST_CORES)
  const memoryLimitMb = inMb(mean.maxmem)
  const coresUsed = figure(times(share(mean.cpu), cores), times(share(peak.cpu), mostCores ?? cores))
  const mostMb = MOST_SHARE * (inMb(peak.maxmem) ?? memoryLimitMb ?? Number.POSITIVE_INFINITY)
  const memoryUsedMb = figure(between(inMb(mean.mem), 0, mostMb), between(inMb(peak.mem), 0, mostMb))
  const cpuWaitingPercent = between(peak.pressurecpusome, 0, MOST_PERCENT)
  const known = coresUsed ?? memoryUsedMb ?? cores ?? memoryLimitMb ?? cpuWaitingPercent
  if (known === undefined) return undefined
  const [startMs, stepMs] = [startSeconds * MS_PER_SECOND, stepSeconds * MS_PER_SECOND]
  return { startMs, stepMs, coresUsed, memoryUsedMb, cores, memoryLimitMb, cpuWaitingPercent }
}

function share(cpu: number | undefined): number | undefined {
  return between(cpu, 0, MOST_SHARE)
}

/** Nothing that runs uses no memory: Proxmox says 0 when it could not read. Source: PVE::LXC, vmstatus. */
function inMb(bytes: number | undefined): number | undefined {
  const known = between(bytes, Number.MIN_VALUE, MOST_HOST_BYTES)
  return known === undefined ? undefined : known / BYTES_PER_MB
}

function times(share: number | undefined, cores: number | undefined): number | undefined {
  return share === undefined || cores === undefined ? undefined : share * cores
}

function figure(mean: number | undefined, peak: number | undefined): PastFigure | undefined {
  return mean === undefined || peak === undefined ? undefined : { mean, peak: Math.max(mean, peak) }
}
