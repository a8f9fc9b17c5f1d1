import {
  parseBalancer,
  parseBroadcasts,
  parseHaManager,
  parseMembers,
  parseStorages,
  parseVmlist,
} from '@lxc-autoscale/host'
import { describe, expect, test } from 'vitest'

describe('.members', () => {
  const cluster = (quorate: number) =>
    `{\n"nodename": "a",\n"version": 3,\n"cluster": { "name": "c", "version": 1, "nodes": 2, "quorate": ${quorate} },\n"nodelist": {\n  "a": { "id": 1, "online": 1, "ip": "10.1.1.1"},\n  "b": { "id": 2, "online": 0},\n  "../b": { "id": 3, "online": 1}\n  }\n}\n`

  test('names nodes and whether they are up', () => {
    expect(parseMembers(cluster(0))).toEqual({
      node: 'a',
      isQuorate: false,
      cluster: 'c',
      nodes: new Map([
        ['a', { isOnline: true }],
        ['b', { isOnline: false }],
      ]),
    })
    expect(parseMembers(cluster(1))?.isQuorate).toBe(true)
  })

  test('of a node alone is quorate and names none', () => {
    expect(parseMembers('{"nodename":"a","version":3}')).toEqual({
      node: 'a',
      isQuorate: true,
      cluster: undefined,
      nodes: new Map(),
    })
  })

  test.each(['{"nodename":"a","vers', '', '[]', '{"nodename":5}'])('%s says nothing', text => {
    expect(parseMembers(text)).toBeUndefined()
  })
})

describe('.vmlist', () => {
  test('says where guests are; what can be none is passed over', () => {
    const ids = `"101": { "node": "b", "type": "lxc", "version": 9 },\n"102": { "node": "a", "type": "qemu", "version": 9 },\n"7": { "node": "a", "type": "lxc" },\n"103": { "node": "../a", "type": "lxc" },\n"104": 5`
    expect(parseVmlist(`{\n"version": 9,\n"ids": {\n${ids}}\n\n}\n`)).toEqual(
      new Map([
        [101, { node: 'b', type: 'lxc' }],
        [102, { node: 'a', type: 'qemu' }],
      ]),
    )
  })

  test('without guests has no ids; half of it says nothing', () => {
    expect(parseVmlist('{\n"version": 1\n\n}\n')).toEqual(new Map())
    expect(parseVmlist('{"version": 1, "ids": {"101"')).toBeUndefined()
  })
})

describe('.rrd', () => {
  const GB = 2 ** 30
  const RUNNING = `3600:web:running:0:1764300000:2:0.25:${GB}:${GB / 2}:8589934592:0:1:2:3:4`
  const NODE = `90000::1764300001:0.5:8:0.125:0.01:${16 * GB}:${4 * GB}:0:0:100:50:1:2`

  test('has figures of guests and nodes in the form of each version', () => {
    const text = `pve-vm-9.0/101:${RUNNING}:U:0.1:0:0:0:0:0\npve2.3-vm/102:${RUNNING}\npve-node-9.0/a:${NODE}:${12 * GB}:0:0\npve2-node/b:${NODE}\npve-storage-9.0/a/local:1:2\n\0`
    const { guests, nodes } = parseBroadcasts(text)
    const guest = { name: 'web', isRunning: true, timeSeconds: 1_764_300_000, cores: 2, coresUsed: 0.5 }
    expect([...guests.keys()]).toEqual([101, 102])
    expect(guests.get(101)).toEqual({ ...guest, memoryMb: 1_024, memoryUsedMb: 512 })
    expect(guests.get(102)).toEqual(guests.get(101))
    const node = { timeSeconds: 1_764_300_001, uptimeSeconds: 90_000, load1: 0.5, cores: 8, coresUsed: 1 }
    const memory = { memoryMb: 16_384, memoryUsedMb: 4_096 }
    expect(nodes.get('a')).toEqual({ ...node, ...memory, memoryAvailableMb: 12_288 })
    expect(nodes.get('b')).toEqual({ ...node, ...memory, memoryAvailableMb: undefined })
  })

  test('says what it does not know by U, and what cannot be is not known either', () => {
    const line = (time: string) => `pve-vm-9.0/101:0:web:stopped:0:${time}:1e99:U:-5:1.2.3:0:0:U:U:U:U\n`
    expect(parseBroadcasts(line('1764300000')).guests.get(101)).toEqual({
      name: 'web',
      isRunning: false,
      timeSeconds: 1_764_300_000,
      cores: undefined,
      coresUsed: undefined,
      memoryMb: undefined,
      memoryUsedMb: undefined,
    })
    expect(parseBroadcasts(line('U')).guests.size).toBe(0)
    expect(parseBroadcasts('\0').nodes.size).toBe(0)
    expect(parseBroadcasts('pve-vm-9.0/101\npve-node-9.0/../x:1:2:3\n:::\n').nodes.size).toBe(0)
  })

  test('has two lines of a guest that moved between versions, of which the newer one counts', () => {
    const old = `pve2.3-vm/101:${RUNNING.replace('web', 'old').replace('1764300000', '1764299000')}`
    const now = `pve-vm-9.0/101:${RUNNING}`
    for (const text of [`${old}\n${now}\n`, `${now}\n${old}\n`]) {
      expect(parseBroadcasts(text).guests.get(101)?.name).toBe('web')
    }
  })
})

describe('the HA manager', () => {
  const resources = 'ct: 101\n\tstate started\n\nvm: 102\n\tstate started\n\nct: 103\n\tmax_restart 2\n'
  const busy = (service: string, commands = '') =>
    parseHaManager({ resources, status: `{"service_status":{"ct:101":${service}}}`, commands }).services.get(101)?.busy

  test('looks after the containers that its file names', () => {
    const { services, nodes } = parseHaManager({
      resources,
      status:
        '{"service_status":{"ct:101":{"node":"a","state":"started"}},"node_status":{"a":"online","b":"maintenance"}}',
      commands: '',
    })
    expect([...services]).toEqual([
      [101, { state: 'started', busy: undefined }],
      [103, { state: undefined, busy: undefined }],
    ])
    expect(nodes.get('b')).toBe('maintenance')
  })

  test.each([
    ['{"state":"started"}', '', undefined],
    ['{"state":"ignored"}', '', undefined],
    ['{"state":"migrate","target":"b"}', '', 'the HA manager moves it to node b (migrate)'],
    ['{"state":"relocate"}', '', 'the HA manager moves it (relocate)'],
    ['{"state":"started","cmd":["relocate","b"]}', '', 'the HA manager is asked to move it to node b (relocate)'],
    ['{"state":"started","cmd":["stop",60]}', '', 'the HA manager is asked to stop it'],
    ['{"state":"started"}', 'migrate ct:101 b\n', 'the HA manager is asked to move it to node b (migrate)'],
    ['{"state":"started"}', 'migrate vm:101 b\nrelocate ct:1011 b\n', undefined],
    ['{"state":"fence"}', '', 'the HA manager is busy with it (fence)'],
    ['{"state', '', undefined],
  ])('%s %s', (service, commands, text) => {
    expect(busy(service, commands)).toBe(text)
  })

  test('is not there without its files', () => {
    expect(parseHaManager({ resources: undefined, status: undefined, commands: undefined }).services.size).toBe(0)
  })
})

test.each([
  ['', false, 30_000],
  ['keyboard: de\ncrs: ha=static,ha-auto-rebalance=1\n', true, 30_000],
  ['crs: ha=dynamic,ha-auto-rebalance=1,ha-auto-rebalance-hold-duration=6\n', true, 60_000],
  ['crs: ha=basic,ha-auto-rebalance=1\n', false, 30_000],
  ['crs: ha=static,ha-rebalance-on-start=1\n', false, 30_000],
  ['crs: ha=static,ha-auto-rebalance=1,ha-auto-rebalance-hold-duration=many\n', true, 30_000],
])('datacenter.cfg "%s" balances: %s', (text, isOn, holdMs) => {
  expect(parseBalancer(text)).toEqual({ isOn, holdMs })
})

test('storage.cfg says which storages are shared, and which nodes have them', () => {
  const text =
    'lvmthin: local-lvm\n\tthinpool data\n\tcontent rootdir,images\n\nrbd: ceph\n\tpool rbd\n\nlvm: san\n\tvgname san\n\tshared 1\n\tnodes a,b\n\ndir: local\n\tpath /var/lib/vz\n'
  const storages = parseStorages(text)
  expect([...storages].map(([name, { isShared }]) => [name, isShared])).toEqual([
    ['local', false],
    ['local-lvm', false],
    ['ceph', true],
    ['san', true],
  ])
  expect([storages.get('san')?.nodes, storages.get('ceph')?.nodes]).toEqual([new Set(['a', 'b']), undefined])
  expect(parseStorages('').get('local')?.isShared).toBe(false)
})

// What JSON calls an object may have a `toString` that is none.
test('what is no word in these files is none, and costs nothing else in them', () => {
  const rubbish = '{"toString":1,"valueOf":1}'
  expect(parseVmlist(`{"ids":{"101":{"node":"a","type":${rubbish}},"102":{"node":"a","type":"lxc"}}}`)?.size).toBe(1)
  const members = `{"nodename":"a","cluster":{"quorate":${rubbish}},"nodelist":{"b":{"online":${rubbish}}}}`
  expect(parseMembers(members)).toMatchObject({ isQuorate: false, nodes: new Map([['b', { isOnline: false }]]) })
  const ha = (service: string) => parseHaManager({ resources: 'ct: 101\n', status: service, commands: undefined })
  const status = `{"node_status":{"b":${rubbish}},"service_status":{"ct:101":{"state":"\\u001b[31m"}}}`
  expect(ha(status)).toMatchObject({ nodes: new Map([['b', 'unknown']]) })
  expect(ha(status).services.get(101)?.busy).toBe('the HA manager is busy with it (unknown)')
  const queued = `{"service_status":{"ct:101":{"state":"started","cmd":["migrate",${rubbish}]}}}`
  expect(ha(queued).services.get(101)?.busy).toContain('to node unknown')
})
