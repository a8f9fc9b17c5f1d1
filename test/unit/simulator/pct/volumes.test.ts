import { expect, test } from 'vitest'
import { formatVolume, parseVolume, volumesOf, withSize } from '../../../../packages/simulator/src/pct/volumes.ts'

test('another size leaves the other options where they are', () => {
  const volume = parseVolume('mp0', 'local-lvm:vm-100-disk-1,mp=/srv,backup=1,size=4G')
  expect(formatVolume(withSize(volume, 2 ** 33))).toBe('local-lvm:vm-100-disk-1,backup=1,mp=/srv,size=8G')
})

test.each([
  ['local-lvm:vm-100-disk-0,size=8G', 'volume'],
  ['/srv/data,mp=/data', 'bind'],
  ['/dev/sdb1,mp=/data', 'device'],
])('%s is a %s', (text, kind) => {
  expect(parseVolume('mp0', text).kind).toBe(kind)
})

test('the root file system comes first, then mount points by number', () => {
  expect(volumesOf({ mp10: 'a:b', mp2: 'a:c', rootfs: 'a:d', net0: 'x' }).map(({ key }) => key)).toEqual([
    'rootfs',
    'mp2',
    'mp10',
  ])
})
