import { visibleText as shown } from '@lxc-autoscale/core'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { previewPage, previewTemplate } from '../../packages/cli/src/preview/preview-page.ts'
import { previewBody, runningContainer } from '../builders/preview-body.ts'
import { KEYS } from '../fakes/api-daemon.ts'
import { openBrowser, PATIENCE_MS, WatchedPage } from './browser.ts'
import { DashboardHost } from './dashboard-host.ts'

/** Names that a page could take for something else than text. */
const HOSTILE = {
  markup: '<img src=x onerror=globalThis.isHacked=true>',
  direction: 'abc\u202Edcba\u200F',
  control: 'bell\u0007back\u0008',
  length: 'x'.repeat(300),
}
const SHORTEST_BOOST_SECONDS = 60
const WHY_COLUMN = 2
/** What Chromium writes of a server that is not there. */
const NOBODY_THERE = /net::ERR_/

let host: DashboardHost
let browser: Browser
/** Of an administrator; stays open from the first test to the last, and is never loaded anew. */
let ada: WatchedPage

beforeAll(async () => {
  const steady = (vmid: number, hostname: string) =>
    ({ vmid, hostname, shape: 'steady', cores: 2, memoryMb: 1_024 }) as const
  const enough = { baseCores: 1, peakCores: 1.1, baseMemoryMb: 500, peakMemoryMb: 520 }
  host = await DashboardHost.start([
    // Wants more than it has of both.
    { ...steady(101, 'shop'), load: { baseCores: 1.9, peakCores: 2.4, baseMemoryMb: 900, peakMemoryMb: 940 } },
    { ...steady(102, 'batch'), load: enough },
    { ...steady(103, 'quiet'), load: enough, tags: 'web;<b>bold</b>' },
    ...Object.values(HOSTILE).map((hostname, at) => ({ ...steady(104 + at, hostname), load: enough })),
  ])
  browser = await openBrowser()
  ada = await WatchedPage.open(browser, host.url, { viewport: { width: 1_440, height: 900 }, colorScheme: 'light' })
})
afterAll(async () => {
  await browser?.close()
  await host?.remove()
})

const row = (name: string, { page } = ada) =>
  page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) })

/** Opens the menu of a container, and takes `words` of it. */
async function act(name: string, words: string): Promise<void> {
  await row(name)
    .getByRole('button', { name: /^Actions for/ })
    .click()
  await ada.page.getByRole('menuitem', { name: words }).click()
}

/** Presses the button that does what the open dialog asks, once that may be done, and waits until it is done. */
async function confirm(name: string): Promise<void> {
  const dialog = ada.page.getByRole('dialog')
  await dialog.getByRole('button', { name, exact: true }).click()
  await dialog.waitFor({ state: 'detached' })
}

const until = (look: () => unknown) => expect.poll(look, { timeout: PATIENCE_MS, interval: 100 })

describe('an administrator', () => {
  test('is told beside the field that a key is wrong, and comes in with the right one', async () => {
    await ada.logIn('not-the-key')
    await until(() => ada.page.getByRole('alert').filter({ hasText: /key/i }).count()).toBe(1)
    await ada.giveKey(KEYS.admin)
    await row('shop').waitFor()
    ada.bear(undefined)
    await ada.page.evaluate('globalThis.isSamePage = true')
  })

  test('sees that the model does not run, then what it does with a container that has too little', async () => {
    const banners = ada.page.getByRole('list', { name: 'What is wrong' })
    await banners.getByText('systemctl start lxc_autoscale_ml').waitFor()
    const before = await row('shop').textContent()
    host.startModel()
    await until(() => host.configured(101, 'memory')).toBeGreaterThan(1_024)
    await until(() => row('shop').textContent()).not.toBe(before)
    await row('shop')
      .getByText(/of 1\.5 GiB/)
      .waitFor()
    await banners.getByText('systemctl start lxc_autoscale_ml').waitFor({ state: 'detached' })
  })

  test('reads on the page of the container why, and takes it back', async () => {
    await row('shop').getByRole('link', { name: 'shop' }).click()
    await ada.page.waitForURL('**/container/101')
    const undo = ada.page.getByRole('button', { name: 'Undo' }).first()
    const change = ada.page
      .getByRole('table', { name: /changes/i })
      .getByRole('row')
      .filter({ has: undo })
      .first()
    await until(() => change.getByRole('cell').nth(WHY_COLUMN).textContent()).toMatch(/memory: .*75 %/)
    await change.getByRole('button', { name: 'Undo' }).click()
    await ada.page.getByRole('dialog').getByText('What will happen').waitFor()
    await confirm('Undo')
    await until(() => host.configured(101, 'memory')).toBe(1_024)
    await ada.page.goBack()
    await row('shop').waitFor()
  })

  test('leaves a container alone, and it says so', async () => {
    await act('quiet', 'Leave alone')
    await confirm('Leave alone')
    await row('quiet').getByText('paused').waitFor()
  })

  test('gives a container more for a time, sees that it has it, and gives it back', async () => {
    await act('batch', 'Boost')
    await ada.page.getByLabel('Memory, GiB: 2 times').click()
    await ada.page.getByRole('dialog').getByText('What will happen').waitFor()
    await confirm('Boost')
    await until(() => host.configured(102, 'memory')).toBe(2_048)
    await row('batch').getByText('boosted', { exact: true }).waitFor()
    await act('batch', 'End the boost')
    await confirm('Give back now')
    await until(() => host.configured(102, 'memory')).toBe(1_024)
  })

  test('gives more for a minute', async () => {
    const seconds = SHORTEST_BOOST_SECONDS
    expect((await host.ask('POST', '/boost', { lxc_id: 102, cores: 4, seconds })).status).toBe(200)
    await row('batch').getByText('boosted', { exact: true }).waitFor()
    expect(host.configured(102, 'cores')).toBe(4)
  })

  test('sees when the model was killed, and how it is mended', async () => {
    await host.end('model', 'SIGKILL')
    const mend = ada.page.getByText('systemctl start lxc_autoscale_ml').first()
    await mend.waitFor()
    host.startModel()
    await mend.waitFor({ state: 'detached' })
  })

  test('sees that the page is not live while the API does not run, and goes on where it was', async () => {
    ada.bear(NOBODY_THERE)
    await host.end('api', 'SIGTERM')
    await ada.page
      .getByText(/not live/i)
      .first()
      .waitFor()
    await host.startApi()
    await ada.page.getByText('live', { exact: true }).waitFor()
    ada.bear(undefined)
    await row('quiet').getByText('paused').waitFor()
  })
})

test('who may only read sees the same, and nothing that changes anything', async () => {
  const guest = await WatchedPage.open(browser, host.url)
  await guest.logIn(KEYS.read)
  await row('shop', guest).waitFor()
  const changing = () => guest.page.getByRole('button', { name: /^(Actions|Undo|Boost|Leave|Try)\b/ }).count()
  expect(await changing()).toBe(0)
  await row('shop', guest).getByRole('link', { name: 'shop' }).click()
  await guest.page.getByRole('heading', { level: 1 }).getByText('shop').waitFor()
  await guest.page.getByRole('table').first().waitFor()
  expect(await changing()).toBe(0)
  expect(guest.problems()).toEqual([])
  await guest.close()
})

/** Each page, as soon as all of it is there. */
async function everyPage(watched: WatchedPage, look: () => Promise<readonly string[]>) {
  const { page } = watched
  await watched.logIn(KEYS.admin)
  await row('shop', watched).waitFor()
  watched.bear(undefined)
  const overview = await look()
  await page.goto('/container/101')
  await page.getByRole('figure').first().waitFor()
  const container = await look()
  await page.goto('/changes')
  await page.getByRole('table').waitFor()
  const changes = await look()
  await page.goto('/cluster')
  await page.getByRole('table', { name: 'Containers of the cluster' }).waitFor()
  const cluster = await look()
  await page.goto('/docs')
  await page.getByRole('heading', { name: '/scale/resources' }).waitFor()
  return { overview, container, changes, cluster, docs: await look() }
}

test.each([
  ['light', 1_440, 'accessible, and'],
  ['dark', 390, 'accessible, and'],
  // What axe-core finds depends on one of both; to ask it twice more costs half a minute.
  ['dark', 1_440, ''],
  ['light', 390, ''],
] as const)('every page, %s, %i px, is %s no wider than its window', async (colorScheme, width, also) => {
  const watched = await WatchedPage.open(browser, host.url, { colorScheme, viewport: { width, height: 844 } })
  const faults = await everyPage(watched, () => (also === '' ? watched.widthFaults() : watched.faults()))
  expect(faults).toEqual({ overview: [], container: [], changes: [], cluster: [], docs: [] })
  expect(watched.problems()).toEqual([])
  await watched.close()
})

test.each(Object.entries(HOSTILE))('a name is shown as text: %s', async (_what, name) => {
  const link = ada.page.getByRole('link', { name: shown(name), exact: true })
  await link.click()
  await ada.page.getByRole('heading', { level: 1 }).getByText(shown(name)).waitFor()
  expect(await ada.sidewaysPx()).toBe(0)
  await ada.page.goBack()
  expect(await ada.page.evaluate('globalThis.isHacked')).toBeUndefined()
})

test('the page that lxc-autoscale preview writes stands alone, with curves, and names as text', async () => {
  const containers = Object.values(HOSTILE).map((name, at) => runningContainer(101 + at, { name }))
  const watched = await WatchedPage.open(browser, host.url, {
    colorScheme: 'dark',
    viewport: { width: 390, height: 844 },
  })
  const { page } = watched
  const isPreview = (url: URL) => url.pathname === '/preview'
  await page.route(isPreview, async route =>
    route.fulfill({
      contentType: 'text/html',
      body: previewPage(previewTemplate(), await previewBody({ containers })),
    }),
  )
  await page.goto('/preview')
  await page.getByRole('link', { name: shown(HOSTILE.markup) }).click()
  await until(() => page.locator('#ct-101 canvas').count()).toBe(2)
  expect(await watched.faults()).toEqual([])
  expect(await page.evaluate('globalThis.isHacked')).toBeUndefined()
  expect(watched.problems()).toEqual([])
  await watched.close()
})

test('a boost ends by itself, though the API was started again meanwhile', async () => {
  const patience = { timeout: SHORTEST_BOOST_SECONDS * 1_000 + PATIENCE_MS, interval: 200 }
  await expect.poll(() => host.configured(102, 'cores'), patience).toBe(2)
  await row('batch').getByText('boosted', { exact: true }).waitFor({ state: 'detached' })
})

test('all that was seen on one page, where nothing went wrong that nobody saw, and nothing was asked of another host', async () => {
  expect(await ada.page.evaluate('globalThis.isSamePage')).toBe(true)
  expect(ada.problems()).toEqual([])
})
