import { readFileSync } from 'node:fs'
import { VERSION } from '@lxc-autoscale/core'
import { expect, test } from 'vitest'

test.each([
  '.',
  'packages/core',
  'packages/monitor',
  'packages/model',
  'packages/api',
  'packages/cli',
  'packages/simulator',
])('%s/package.json has the version of the product', folder => {
  const { version } = JSON.parse(readFileSync(`${import.meta.dirname}/../../../${folder}/package.json`, 'utf8'))
  expect(version).toBe(VERSION)
})
