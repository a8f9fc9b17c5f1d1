import type { ContainerSample } from '@lxc-autoscale/core'

/** What Prometheus shows of a figure. Names and help texts are part of the interface: they stay. */
export interface ContainerMetric {
  readonly name: string
  readonly type: 'gauge' | 'counter'
  readonly help: string
  /** In the unit that the name says; undefined leaves the container out. */
  readonly value: (sample: ContainerSample) => number | undefined
}

export function gauge(name: string, help: string, value: ContainerMetric['value']): ContainerMetric {
  return { name: `lxc_container_${name}`, type: 'gauge', help, value }
}

export function counter(name: string, help: string, value: ContainerMetric['value']): ContainerMetric {
  return { name: `lxc_container_${name}`, type: 'counter', help, value }
}

export function bytes(value: number | undefined, unitBytes: number): number | undefined {
  return value === undefined ? undefined : Math.round(value * unitBytes)
}

export function ratio(percent: number | undefined): number | undefined {
  return percent === undefined ? undefined : percent / 100
}
