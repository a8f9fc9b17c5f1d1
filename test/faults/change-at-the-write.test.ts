import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULT_SETTINGS, runPct, updateSettings } from '@lxc-autoscale/simulator'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ApiAnswer, ApiDaemon } from '../fakes/api-daemon.ts'

const MB = 1_048_576
const START_MS = 700

let api: ApiDaemon

beforeAll(async () => {
  api = await ApiDaemon.start({
    containers: [{ vmid: 101, shape: 'idle', cores: 2, memoryMb: 1_024, swapMb: 0 }],
    settings: { pctDelayMs: START_MS, pctDelayJitter: 0 },
  })
})
afterAll(() => api.stop())
beforeEach(async () => {
  occupy(100)
  await updateSettings(api.host.root, { pctDelayMs: START_MS })
})

const conf = () => join(api.host.paths.pve, 'lxc/101.conf')
const kernelFile = (name: string) => join(api.host.paths.cgroup, 'lxc/101', name)
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** Writes the configuration as a worker of the web interface does that runs already: at once, and without asking anybody. */
function setByHand(key: string, value: string | number): void {
  const others = readFileSync(conf(), 'utf8').replace(new RegExp(`^${key}: .*\n`, 'm'), '')
  writeFileSync(conf(), `${key}: ${value}\n${others}`)
}

function configured(key: string): string | undefined {
  return new RegExp(`^${key}: (.*)$`, 'm').exec(readFileSync(conf(), 'utf8'))?.[1]
}

/** The container's processes hold so much memory from now on, and so much page cache. */
function occupy(anonMb: number, cacheMb = 0): void {
  const stat = readFileSync(kernelFile('memory.stat'), 'utf8')
  const kernel = Number(/^kernel (\d+)$/m.exec(stat)?.[1])
  const values = { anon: anonMb, active_anon: anonMb, file: cacheMb, active_file: cacheMb, shmem: 0, inactive_anon: 0, inactive_file: 0 } // biome-ignore format: a table
  const lines = stat.replace(/^(\w+) \d+$/gm, (line, key) =>
    key in values ? `${key} ${values[key as keyof typeof values] * MB}` : line,
  )
  // In this order: parts that are more than their sum cannot be true, and are not believed.
  writeFileSync(kernelFile('memory.current'), `${(anonMb + cacheMb) * MB + kernel}\n`)
  writeFileSync(kernelFile('memory.stat'), lines)
}

const kills = () => Number(/^oom_kill (\d+)$/m.exec(readFileSync(kernelFile('memory.events'), 'utf8'))?.[1])
const limitMb = () => Number(readFileSync(kernelFile('memory.max'), 'utf8')) / MB
const setMemory = (memory: number, more = {}) => api.ask('/scale/ram', { body: { lxc_id: 101, memory, ...more } })

async function entryOf({ json }: ApiAnswer) {
  const { entries } = (await api.ask('/history?lxc_id=101')).json.data
  return entries.find(({ id }: { id: string }) => id === json.change_id)
}

/** Gives the container `memoryMb`, configured and in force. */
async function beginWith(memoryMb: number): Promise<void> {
  await updateSettings(api.host.root, { pctDelayMs: 0 })
  const answer = await setMemory(memoryMb, { force: true })
  expect(answer.status).toBe(200)
  await updateSettings(api.host.root, { pctDelayMs: START_MS })
}

describe('what a person sets while pct is starting', () => {
  test.each([60, 120, 180, 240, 300, 360, 420, 480])('%i ms after the request stays', async afterMs => {
    await beginWith(1_024)
    const answering = setMemory(2_048)
    await pause(afterMs)
    setByHand('memory', 3_000)
    const answer = await answering
    expect(configured('memory')).toBe('3000')
    expect(answer).toMatchObject({ status: 409, json: { error: 'ALLOCATION_MOVED', now: { memory_mb: 3_000 } } })
    expect(await entryOf(answer)).toMatchObject({ outcome: 'refused', after: { memory_mb: 3_000 } })
  })

  test('stays too when it is undone meanwhile', async () => {
    await beginWith(1_024)
    const { json } = await setMemory(2_048)
    const answering = api.ask(`/history/${json.change_id}/undo`, { body: {} })
    await pause(300)
    setByHand('memory', 3_000)
    expect((await answering).json.error).toBe('ALLOCATION_MOVED')
    expect(configured('memory')).toBe('3000')
  })

  test('and is no allocation does not keep the change from being made', async () => {
    await beginWith(1_024)
    const answering = setMemory(2_048)
    await pause(300)
    setByHand('onboot', 1)
    expect(await answering).toMatchObject({ status: 200, json: { data: { after: { memory_mb: 2_048 } } } })
    expect([configured('onboot'), configured('memory')]).toEqual(['1', '2048'])
  })

  test('is compared byte for byte: a file that is no UTF-8 is changed at the first attempt', async () => {
    await beginWith(1_024)
    const file = readFileSync(conf())
    writeFileSync(conf(), Buffer.concat([Buffer.from('#caf\xe9\n', 'latin1'), file]))
    expect((await setMemory(2_048)).status).toBe(200)
    expect(configured('memory')).toBe('2048')
  })

  test('in the moment between the reading and the writing of pct is overwritten, and stands in the history', async () => {
    await beginWith(4_096)
    // The kernel takes seconds to give the page cache up, and pct writes its configuration after that.
    occupy(100, 3_900)
    const answering = setMemory(512)
    while (limitMb() !== 512) await pause(5)
    setByHand('memory', 3_000)
    const answer = await answering
    expect(configured('memory')).toBe('512')
    expect(await entryOf(answer)).toMatchObject({ outcome: 'applied', overwritten: { memory_mb: 3_000 } })
  })
})

describe('a root disk', () => {
  const grow = () => api.ask('/scale/storage/increase', { body: { lxc_id: 101, disk_size: 1 } })
  const sizeGb = () => Number(/size=(\d+)G/.exec(configured('rootfs') ?? '')?.[1])

  test('that somebody else makes larger in the same second is not made larger by both', async () => {
    const before = sizeGb()
    const answering = grow()
    await pause(300)
    setByHand('rootfs', (configured('rootfs') ?? '').replace(/size=\d+G/, `size=${before + 5}G`))
    expect(await answering).toMatchObject({ status: 409, json: { error: 'ALLOCATION_MOVED' } })
    expect(sizeGb()).toBe(before + 5)
  })

  test('is made larger once when something else is changed in the same second', async () => {
    const before = sizeGb()
    const answering = grow()
    await pause(300)
    setByHand('onboot', 0)
    expect((await answering).status).toBe(200)
    expect(sizeGb()).toBe(before + 1)
  })
})

describe('a container that grows before pct writes', () => {
  test('is not killed by a pct that takes seven seconds', async () => {
    await beginWith(2_048)
    await updateSettings(api.host.root, { pctDelayMs: 7_000 })
    const before = kills()
    const answering = setMemory(512)
    await pause(3_000)
    occupy(1_200)
    const answer = await answering
    expect(kills()).toBe(before)
    expect(answer).toMatchObject({ status: 409, json: { error: 'MEMORY_BELOW_FLOOR' } })
    expect(await entryOf(answer)).toMatchObject({ outcome: 'refused' })
    expect([configured('memory'), limitMb()]).toEqual(['2048', 2_048])
  })

  test('is not killed by a pct that waited for its lock', async () => {
    await beginWith(2_048)
    await updateSettings(api.host.root, { pctDelayMs: 0, taskMs: { ...DEFAULT_SETTINGS.taskMs, resizeMs: 5_000 } })
    const before = kills()
    const growing = runPct(api.host.root, ['resize', '101', 'rootfs', '+1G'])
    await pause(1_500)
    const answering = setMemory(512)
    await pause(1_500)
    occupy(1_200)
    const answer = await answering
    await growing
    expect(kills()).toBe(before)
    expect(answer).toMatchObject({ status: 409, json: { error: 'MEMORY_BELOW_FLOOR' } })
    expect([configured('memory'), limitMb()]).toEqual(['2048', 2_048])
  })
})

describe('a container that grows right after it was made smaller', () => {
  async function historyOfTakingBack() {
    const { entries } = (await api.ask('/history?lxc_id=101&limit=1')).json.data
    return entries[0]
  }

  test('gets its memory back, which stands in the history as a change of its own', async () => {
    await beginWith(2_048)
    const { json } = await setMemory(512)
    const before = kills()
    occupy(490)
    await expect.poll(limitMb, { timeout: 20_000 }).toBe(2_048)
    expect(kills()).toBe(before)
    await expect.poll(historyOfTakingBack).toMatchObject({
      who: { key: 'lxc-autoscale', role: 'service', address: '' },
      undo_of: json.change_id,
      outcome: 'applied',
      why: expect.stringContaining('the limit of 512 MB was too low'),
    })
  })

  test('gets it back from the next start when the API was killed in between', async () => {
    await beginWith(2_048)
    const { json } = await setMemory(512)
    await api.daemon.end('SIGKILL')
    occupy(490)
    await api.restart()
    await expect.poll(limitMb, { timeout: 20_000 }).toBe(2_048)
    await expect.poll(historyOfTakingBack).toMatchObject({ undo_of: json.change_id, outcome: 'applied' })
  })

  test('keeps what a person gave it meanwhile', async () => {
    await beginWith(2_048)
    await setMemory(512)
    setByHand('memory', 600)
    occupy(490)
    await pause(3_000)
    expect(configured('memory')).toBe('600')
  })
})
