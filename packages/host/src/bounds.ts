import { BYTES_PER_MB, USEC_PER_MS } from '@lxc-autoscale/core'

/*
 * What a figure of the kernel can be at most. A kernel counts down below zero now and then (2^64 minus a little), per-CPU
 * counts are summed up late, and files are not read at one moment: what is beyond these bounds is not known, whatever was
 * read. They are wide on purpose: they tell what cannot be, not what is likely.
 */

/** Undefined: outside of what can be, or not a number. */
export function between(value: number | undefined, least: number, most: number): number | undefined {
  return value !== undefined && value >= least && value <= most ? value : undefined
}

/** Source: Linux, include/linux/threads.h, PID_MAX_LIMIT. */
export const MOST_PROCESSES = 4_194_304

/** Source: Linux, arch/x86/Kconfig, NR_CPUS_RANGE_END with MAXSMP. */
export const MOST_CORES = 8_192

/** Physical addresses have 52 bits. Source: Intel SDM volume 1, 3.3.1; AMD64 manual volume 2, 1.1.3. */
export const MOST_HOST_BYTES = 2 ** 52

/** A share of time. Source: Linux, kernel/sched/psi.c, calc_avgs: a sample is cut to the period it was taken over. */
export const MOST_PERCENT = 100

/** A counter of 64 bits that went below zero shows at least this. Source: two's complement. */
export const MOST_COUNT = 2 ** 63

/** Operations on disks that a double still counts one by one: a hundred million a second for three years. */
export const MOST_OPERATIONS = 2 ** 53

/**
 * A part of memory.stat, of what memory.current charges, or has charged at most: what is gone stands there for up to two
 * seconds (seen on kernel 6.18). The two are not read at one moment, and the parts are summed up when
 * 64 pages per CPU have changed, or after two seconds: half a megabyte per CPU, so 64 MB on 128 of them; and what comes and
 * goes between the two readings grows with the container. Source: Linux, mm/memcontrol.c, MEMCG_CHARGE_BATCH, FLUSH_TIME.
 */
export function mostPartBytes(chargedBytes: number): number {
  return chargedBytes + Math.max(64 * BYTES_PER_MB, chargedBytes / 8)
}

/** How late a reading may be made after its time was taken, on a machine that is too busy to run this daemon. */
const LATE_MS = 250
/** Counts of CPU time are kept per tick and per CPU. */
const TICKING_SHARE = 1.05

/**
 * CPU time of all cores of the host. A caller whose host grew or shrank meanwhile gives the larger number of cores.
 * Source: a core gives a microsecond in a microsecond.
 */
export function mostCpuUsec(elapsedMs: number, cores: number): number {
  return cores * (elapsedMs * TICKING_SHARE + LATE_MS) * USEC_PER_MS
}

/** Periods of a CPU quota, which last a millisecond at least. Source: Linux, kernel/sched/core.c, min_cfs_quota_period. */
export function mostPeriods(elapsedMs: number): number {
  return elapsedMs * TICKING_SHARE + LATE_MS
}

/** Periods that can begin between reading the one counter and the other, which the kernel does without a lock. */
const PERIODS_BETWEEN = 10

/** Periods in which a quota throttled, of those in which it was enforced. Source: Linux, kernel/sched/core.c, cpu_cfs_stat_show. */
export function mostThrottled(periods: number): number {
  return periods + PERIODS_BETWEEN
}

/** Kills for lack of memory per millisecond and core: making a process and choosing a victim take 100 us of CPU time. */
const KILLS_PER_CORE_MS = 10

/**
 * Kills for lack of memory: each needs a process, one that was there or one that was made since.
 * Source: Linux, mm/oom_kill.c, __oom_kill_process: one event per process.
 */
export function mostKills(elapsedMs: number, cores: number, processes: number): number {
  return processes + cores * (elapsedMs + LATE_MS) * KILLS_PER_CORE_MS
}

/** Hits on a memory limit: each is followed by an attempt to reclaim, of a microsecond at least. Source: Linux, mm/memcontrol.c, try_charge_memcg. */
export function mostLimitHits(elapsedMs: number, cores: number): number {
  return mostCpuUsec(elapsedMs, cores)
}

/** Operations on disks per microsecond and core. The best that is known are 13 a microsecond and core. Source: Axboe, io_uring with polling, 2022. */
const OPERATIONS_PER_CORE_USEC = 20

/** Operations on disks, each of which takes CPU time. Source: as above. */
export function mostOperations(elapsedMs: number, cores: number): number {
  return mostCpuUsec(elapsedMs, cores) * OPERATIONS_PER_CORE_USEC
}

/** Bytes of the network per millisecond: a terabyte a second, which is more than memory can copy. */
const NETWORK_BYTES_PER_MS = 1e9

/** Bytes through the interfaces of a container: those between two of one host are copied by its memory. Source: Linux, drivers/net/veth.c. */
export function mostNetworkBytes(elapsedMs: number): number {
  return (elapsedMs + LATE_MS) * NETWORK_BYTES_PER_MS
}
