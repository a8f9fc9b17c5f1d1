import { MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from '@lxc-autoscale/core'

/** `1 core`, `2.5 cores` */
export function coresText(cores: number): string {
  const printed = Number(cores.toFixed(2))
  return `${printed} ${printed === 1 ? 'core' : 'cores'}`
}

export function mbText(mb: number): string {
  return `${Math.round(mb)} MB`
}

/** `once`, `3 times` */
export function timesText(times: number): string {
  return times === 1 ? 'once' : `${times} times`
}

/** `3 min`, `2.5 h`: a duration for people. */
export function durationText(durationMs: number): string {
  if (durationMs < 2 * MS_PER_MINUTE) return `${Math.ceil(Math.max(0, durationMs) / MS_PER_SECOND)} s`
  if (durationMs < 2 * MS_PER_HOUR) return `${Math.ceil(durationMs / MS_PER_MINUTE)} min`
  return `${(durationMs / MS_PER_HOUR).toFixed(1)} h`
}
