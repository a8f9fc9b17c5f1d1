import { MS_PER_SECOND } from '@lxc-autoscale/core/units'
import type { ApiClient } from './api-client.ts'
import type { Decision } from './decision.ts'
import type { DemoContainer } from './demo-containers.ts'

/** What a person does to a container while the demo runs. */
interface Act {
  /** Host name of the container. */
  readonly name: string
  /** So long after the demo began, or as soon after it as it can be done. */
  readonly afterMs: number
  /** Undefined: it cannot be done yet. */
  readonly request: (container: DemoContainer, decisions: readonly Decision[]) => Request | undefined
}

interface Request {
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
}

const ACTS: readonly Act[] = [
  {
    name: 'api',
    afterMs: 22 * MS_PER_SECOND,
    request: ({ vmid, cores }) => ({
      path: '/scale/resources',
      body: { lxc_id: vmid, cores: cores + 2, reason: 'we are on the radio at noon' },
    }),
  },
  {
    name: 'old-wiki',
    afterMs: 33 * MS_PER_SECOND,
    request: ({ vmid }, decisions) => {
      const shrunk = decisions.findLast(each => each.vmid === vmid && each.outcome === 'applied')
      return (
        shrunk && {
          path: `/history/${shrunk.id}/undo`,
          body: { reason: 'the import of the old pages needs it tonight' },
        }
      )
    },
  },
]

/** A person who changes containers by hand, with a key of her own. */
export class Person {
  readonly #api: ApiClient
  readonly #containers: readonly DemoContainer[]
  readonly #acts = new Set(ACTS)

  constructor(api: ApiClient, containers: readonly DemoContainer[]) {
    this.#api = api
    this.#containers = containers
  }

  /** Does what is due; gives what went wrong, in words. */
  async act(sinceStartMs: number, decisions: readonly Decision[]): Promise<readonly string[]> {
    const problems: string[] = []
    for (const act of this.#acts) {
      const container = this.#containers.find(({ hostname }) => hostname === act.name)
      const isDue = container !== undefined && sinceStartMs >= act.afterMs
      const request = isDue ? act.request(container, decisions) : undefined
      if (request === undefined) continue
      this.#acts.delete(act)
      await this.#api.post(request.path, request.body).catch(error => problems.push(`${act.name}: ${error.message}`))
    }
    return problems
  }
}
