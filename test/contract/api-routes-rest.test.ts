import { afterAll } from 'vitest'
import { GRANTS } from '../../packages/api/src/rest/privileges.ts'
import { ApiDaemon } from '../fakes/api-daemon.ts'

// The suite of the routes once more, over the REST interface: on a host on which no command of Proxmox is installed, with a
// token that may do just what `lxc-autoscale setup-token` gives it for all features.
const acl: Record<string, string[]> = {}
for (const { path, privileges } of GRANTS) acl[path] = [...(acl[path] ?? []), ...privileges]
ApiDaemon.usual = { backend: 'rest', rest: { acl } }
afterAll(() => {
  ApiDaemon.usual = {}
})
// By another name, since it may have been loaded here already.
const suite = './api-routes.test.ts?rest'
await import(suite)
