import { PROXY_MODES } from '../proxy.ts'
import type { Fault } from './fault.ts'

export const network: Fault = {
  name: 'network',
  about: 'between the API and those who call it: refused, reset, slow, each request sent twice, garbled, cut, silent',
  plan: random => ({ forMs: random.integer(1_500, 6_000), on: { mode: random.pick(PROXY_MODES) } }),
  resources: () => ['network'],
  begin: async (site, on) => {
    site.proxy.set(PROXY_MODES.find(mode => mode === on['mode']))
    return () => site.proxy.set(undefined)
  },
}
