import type { ContainerConfigBody } from '@lxc-autoscale/core'
import type { Decision, Step } from './decision.ts'

/** What a run of the demo leaves to say. */
export interface Summary {
  readonly before: readonly ContainerConfigBody[]
  readonly after: readonly ContainerConfigBody[]
  readonly decisions: readonly Decision[]
  /** vmid -> what its load does, e.g. `ramp`. */
  readonly shapes: ReadonlyMap<number, string>
  /** vmid -> processes that the kernel killed for want of memory. */
  readonly kills: ReadonlyMap<number, number>
  /** vmid -> what stood in the way of sizes. */
  readonly standing: ReadonlyMap<number, ReadonlySet<string>>
}

/** A table with what happened to each container, and a line with the sums. */
export function summaryTable({ before, after, decisions, shapes, kills, standing }: Summary): string {
  const rows = before.map(container => {
    const { lxc_id: vmid } = container
    const now = after.find(({ lxc_id }) => lxc_id === vmid) ?? container
    const steps = appliedSteps(decisions.filter(decision => decision.vmid === vmid))
    return [
      `${vmid}`,
      container.name ?? `CT${vmid}`,
      shapes.get(vmid) ?? '',
      `${cores(container)} → ${cores(now)}`,
      `↑${count(steps, 'cores', true)} ↓${count(steps, 'cores', false)}`,
      `${container.memory_mb ?? '?'} → ${now.memory_mb ?? '?'} MB`,
      `↑${count(steps, 'memory', true)} ↓${count(steps, 'memory', false)}`,
      `${kills.get(vmid) ?? 0}`,
      [...(standing.get(vmid) ?? [])].join(', '),
    ]
  })
  const header = ['id', 'name', 'load', 'cores', 'changes', 'memory', 'changes', 'OOM kills', 'and']
  return `${table([header, ...rows])}\n${sums(decisions)}\n`
}

function sums(decisions: readonly Decision[]): string {
  const steps = appliedSteps(decisions)
  const refused = decisions.filter(({ outcome }) => outcome !== 'applied' && outcome !== 'unchanged').length
  const part = (resource: Step['resource']) =>
    `${resource} ${count(steps, resource, true)} up, ${count(steps, resource, false)} down`
  const number = decisions.length === 1 ? '1 decision' : `${decisions.length} decisions`
  return `${number}: ${part('cores')}; ${part('memory')}; ${refused} not carried out`
}

function appliedSteps(decisions: readonly Decision[]): readonly Step[] {
  return decisions.filter(({ outcome }) => outcome === 'applied').flatMap(({ steps }) => steps)
}

function count(steps: readonly Step[], resource: Step['resource'], isUp: boolean): number {
  return steps.filter(step => step.resource === resource && (step.to ?? 0) > (step.from ?? 0) === isUp).length
}

function cores({ cores: whole, cpulimit }: ContainerConfigBody): string {
  return `${cpulimit ?? whole ?? 'all'}`
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  const lines = rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  lines.splice(1, 0, widths.map(width => '-'.repeat(width)).join('  '))
  return `${lines.join('\n')}\n`
}
