import { z } from 'zod'

/** The folder that all services shared in older packages, and now the one in which each has its own. */
const OF_ALL_SERVICES = '/var/lib/lxc_autoscale_ml'

/**
 * The key `state.directory` of one service. A file that is older names the folder that all services shared: what stands for
 * the service now is its part of it.
 */
export function stateDirectory(service: 'api' | 'model') {
  const own = `${OF_ALL_SERVICES}/${service}`
  return z
    .string()
    .min(1)
    .overwrite(path => (path.replace(/\/+$/, '') === OF_ALL_SERVICES ? own : path))
    .default(own)
}
