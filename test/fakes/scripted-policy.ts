import type { ContainerSizerInput } from '../../packages/model/src/policy/container-sizer.ts'
import type { LocalSample } from '../../packages/model/src/policy/decision.ts'
import type { PolicyContext, PolicyState, Target } from '../../packages/model/src/policy/policy.ts'

/** What a test wants a container to have; undefined = leave it. */
export type Wish = Partial<{ cores: number; memoryMb: number }>

/** Wants what the test says, and keeps what it was shown. */
class ScriptedState implements PolicyState {
  readonly goesOn = true
  readonly observed: LocalSample[] = []
  readonly contexts: PolicyContext[] = []
  readonly saved: unknown
  readonly #wish: () => Wish | undefined

  constructor(saved: unknown, wish: () => Wish | undefined) {
    this.saved = saved
    this.#wish = wish
  }

  observe(sample: LocalSample): void {
    this.observed.push(sample)
  }

  decide(context: PolicyContext): Target {
    this.contexts.push(context)
    const { cores, memoryMb } = this.#wish() ?? {}
    return { cores, memoryMb, isCoresUrgent: false, isMemoryUrgent: false }
  }

  explain() {
    return { cores: 'as the test says', memory: 'as the test says' }
  }

  serialise(): unknown {
    return { samples: this.observed.length }
  }
}

/** Policies that size containers as the test says; the safety rules around them are the real ones. */
export class ScriptedPolicies {
  readonly wishes = new Map<number, Wish>()
  readonly #states = new Map<number, ScriptedState>()

  readonly of = (vmid: number): ContainerSizerInput['policies'] => {
    const create = (_settings: unknown, saved: unknown) => {
      const state = new ScriptedState(saved, () => this.wishes.get(vmid))
      this.#states.set(vmid, state)
      return state
    }
    return { adaptive: { name: 'adaptive', create }, threshold: { name: 'threshold', create } }
  }

  state(vmid: number): ScriptedState {
    const state = this.#states.get(vmid)
    if (state === undefined) throw new Error(`no sizer for ${vmid}`)
    return state
  }
}
