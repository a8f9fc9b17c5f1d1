import type { ExplainBody } from '@lxc-autoscale/core'
import { percentText } from '../format.ts'

/** A rule by which a resource does not have the size that was asked for. */
export interface Hold {
  readonly resource: 'CPU' | 'Memory'
  readonly text: string
  readonly until: string | null
}

type Decision = Pick<NonNullable<ExplainBody['decision']>, 'held_by' | 'held_until' | 'reasons'>

/** What holds the container now, in the words of the rules. */
export function holdsOf({ held_by: by, held_until: until, reasons }: Decision): Hold[] {
  const named = [['CPU', 'cores'], ['Memory', 'memory']] as const // biome-ignore format: a table
  return named.flatMap(([resource, name]) => {
    const rule = by[name]
    if (rule === null) return []
    const texts = reasons.filter(reason => reason.rule === rule).map(({ text }) => text)
    // A rule gives one reason for each resource that it holds; its name says less than its reason.
    const own = texts.find(text => text.toLowerCase().startsWith(name === 'cores' ? 'cores' : 'memory'))
    return [{ resource, text: own ?? texts[0] ?? rule, until: until[name] }]
  })
}

/** The verdict of the isolation forest in a sentence. */
export function verdictText(verdict: ExplainBody['verdict']): string {
  if (verdict === null) return 'Not known: it was not looked at yet.'
  const { is_anomalous: isAnomalous, is_acted_on: isActedOn, confidence, source, features, why } = verdict
  if (source === 'none') return 'Not known: too little has been seen of it, or of it since its last change.'
  if (!isAnomalous) return why === '' ? 'No.' : `No: ${why}`
  const strange = features.map(({ name, share }) => `${name} (${percentText(share * 100)})`).join(', ')
  const held = isActedOn ? 'it is not shrunk while that lasts' : 'not sure enough to hold anything'
  return `Yes, with a confidence of ${percentText(confidence)}; ${held}. Strange: ${strange === '' ? why : strange}`
}
