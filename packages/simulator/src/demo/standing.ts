import type { ContainerStatus, ModelStatus } from '@lxc-autoscale/core'

/** What keeps a container from what is wanted for it. */
export interface Standing {
  readonly vmid: number
  readonly name: string
  /** In a few words, the same as long as it lasts. */
  readonly what: string
  readonly why: string
}

/** The rules that whoever looks on wants to hear of, by what is told in the end. */
const TOLD: Readonly<Record<string, string>> = {
  'hold-while-abnormal': 'not shrunk while abnormal',
  'keep-truce': 'left alone after a person',
}
const RESOURCES = ['cores', 'memory'] as const

/** What stands in the way of sizes at this moment, as far as it is part of the story. */
export function standingOf({ containers }: ModelStatus): readonly Standing[] {
  return containers.flatMap(container => [...held(container), ...atMaximum(container)])
}

function held({ vmid, name, decision }: ContainerStatus): Standing[] {
  const rules = new Set(RESOURCES.flatMap(on => decision?.held_by[on] ?? []))
  return Object.entries(TOLD)
    .filter(([rule]) => rules.has(rule))
    .map(([rule, what]) => ({ ...nameOf(vmid, name), what, why: `held: ${reasonBy(decision, rule)}` }))
}

function atMaximum({ vmid, name, decision }: ContainerStatus): Standing[] {
  if (!RESOURCES.some(on => decision?.at_maximum[on])) return []
  const why = `at its maximum: ${reasonBy(decision, 'keep-within-limits')}`
  return [{ ...nameOf(vmid, name), what: 'at its maximum', why }]
}

function nameOf(vmid: number, name: string | null): Pick<Standing, 'vmid' | 'name'> {
  return { vmid, name: name ?? `CT${vmid}` }
}

function reasonBy(decision: ContainerStatus['decision'], rule: string): string {
  return decision?.reasons.find(reason => reason.rule === rule)?.text ?? rule
}
