import { ApiDaemon } from '../fakes/api-daemon.ts'

// The suite of the routes once more, over the REST interface, on a host on which no command of Proxmox is installed.
ApiDaemon.backend = 'rest'
await import('./api-routes.test.ts')
