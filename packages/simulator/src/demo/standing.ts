import type { ContainerStatus, ModelStatus } from '@lxc-autoscale/core'

/** What keeps a container from what is wanted for it. */
export interface Standing {
  /** The same as long as it lasts. */
  readonly key: string
  readonly vmid: number
  readonly name: string
  readonly text: string
}

/** The rules that a person who looks on wants to hear of. */
const TOLD: readonly string[] = ['hold-while-abnormal', 'keep-truce']
const RESOURCES = ['cores', 'memory'] as const

/** What stands in the way of sizes at this moment, as far as it is part of the story. */
export function standingOf({ containers }: ModelStatus): readonly Standing[] {
  return containers.flatMap(container => [...held(container), ...atMaximum(container)])
}

function held({ vmid, name, decision }: ContainerStatus): Standing[] {
  const rules = new Set(RESOURCES.flatMap(on => decision?.held_by[on] ?? []))
  return TOLD.filter(rule => rules.has(rule)).map(rule => ({
    key: `${vmid} ${rule}`,
    vmid,
    name: name ?? `CT${vmid}`,
    text: `held: ${decision?.reasons.find(reason => reason.rule === rule)?.text ?? rule}`,
  }))
}

function atMaximum({ vmid, name, decision }: ContainerStatus): Standing[] {
  return RESOURCES.filter(on => decision?.at_maximum[on]).map(on => ({
    key: `${vmid} maximum ${on}`,
    vmid,
    name: name ?? `CT${vmid}`,
    text: `at its maximum: ${decision?.reasons.find(reason => reason.rule === 'keep-within-limits')?.text ?? on}`,
  }))
}
