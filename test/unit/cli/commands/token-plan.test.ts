import { GRANTS } from '@lxc-autoscale/api'
import { expect, test } from 'vitest'
import { dropSteps, grantSteps, revokeLines, shellLine } from '../../../../packages/cli/src/commands/token-plan.ts'

const scaling = { node: 'pve1', grants: GRANTS, features: ['scaling'] } as const

test('a token for scaling alone gets a role at each path, with no more than that, and so does its user', () => {
  expect(grantSteps(scaling).map(shellLine)).toEqual([
    "pveum user add lxc-autoscale@pve --comment 'LXC AutoScale ML' || true",
    'pveum user token add lxc-autoscale@pve api-pve1 --privsep 1 --output-format json',
    'pveum role add LXCAutoScale || true',
    "pveum role modify LXCAutoScale --privs 'VM.Audit VM.Config.CPU VM.Config.Memory'",
    'pveum acl modify /vms --roles LXCAutoScale --propagate 1 --users lxc-autoscale@pve',
    "pveum acl modify /vms --roles LXCAutoScale --propagate 1 --tokens 'lxc-autoscale@pve!api-pve1'",
    'pveum role add LXCAutoScaleNodes || true',
    'pveum role modify LXCAutoScaleNodes --privs Sys.Audit',
    'pveum acl modify /nodes --roles LXCAutoScaleNodes --propagate 1 --users lxc-autoscale@pve',
    "pveum acl modify /nodes --roles LXCAutoScaleNodes --propagate 1 --tokens 'lxc-autoscale@pve!api-pve1'",
  ])
})

test('each further feature adds what it needs, at the root for that path alone; what is needed no more is taken away', () => {
  const all = { ...scaling, features: ['scaling', 'snapshots', 'storage', 'clones', 'cluster'] as const }
  const lines = grantSteps(all).map(shellLine)
  expect(lines).toContain('pveum role modify LXCAutoScaleNetwork --privs SDN.Use')
  expect(lines).toContain('pveum acl modify / --roles LXCAutoScaleCluster --propagate 0 --users lxc-autoscale@pve')
  expect(dropSteps(all, ['LXCAutoScaleStorage'])).toEqual([])
  expect(dropSteps(scaling, ['LXCAutoScale', 'LXCAutoScaleStorage']).map(shellLine)).toEqual([
    "pveum acl delete /storage --roles LXCAutoScaleStorage --tokens 'lxc-autoscale@pve!api-pve1'",
  ])
  expect(revokeLines('pve1')[0]).toBe('pveum user token remove lxc-autoscale@pve api-pve1')
})
