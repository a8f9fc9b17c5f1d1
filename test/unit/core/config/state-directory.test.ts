import { stateDirectory } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'

test.each([
  [undefined, '/var/lib/lxc_autoscale_ml/model'],
  ['/var/lib/lxc_autoscale_ml', '/var/lib/lxc_autoscale_ml/model'],
  ['/var/lib/lxc_autoscale_ml/', '/var/lib/lxc_autoscale_ml/model'],
  ['/srv/autoscale', '/srv/autoscale'],
])('a file with state.directory %s leads the model to %s', (given, directory) => {
  expect(stateDirectory('model').parse(given)).toBe(directory)
})
