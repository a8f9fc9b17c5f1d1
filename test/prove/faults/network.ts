import { NETWORK_MODES } from '../network.ts'
import type { Fault } from './fault.ts'

export const network: Fault = {
  name: 'network',
  about: 'between the API and those who call it: refused, reset, slow, each request sent twice, garbled, cut, silent',
  plan: random => ({ forMs: random.integer(1_500, 6_000), on: { mode: random.pick(NETWORK_MODES) } }),
  resources: () => ['network'],
  begin: async (site, on) => {
    site.network.set(NETWORK_MODES.find(mode => mode === on['mode']))
    return () => site.network.set(undefined)
  },
}
