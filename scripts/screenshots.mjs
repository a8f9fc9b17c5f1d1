#!/usr/bin/env node
// The pictures of the README, from a run of the demo: npm run screenshots [-- SECONDS that it has run before, 105 by default]
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'

const root = join(import.meta.dirname, '..')
const seconds = Number(process.argv[2] ?? 105)
const VIEW = { width: 1_280, height: 800 }
/** Of a picture, 0-100: text is sharp, and the file small. */
const QUALITY = 82

const demo = spawn(join(root, 'scripts', 'demo'), [], { stdio: ['ignore', 'pipe', 'inherit'] })
const ended = new Promise(resolve => demo.once('close', resolve))
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
try {
  const { url, key } = await started()
  await sleep(1_000 * seconds)
  await take('light', url, key, page => page.getByRole('table', { name: 'Containers' }).waitFor())
  await take('dark', `${url}container/107?range=7d`, key, page => page.getByRole('figure').first().waitFor())
} finally {
  await browser.close()
  demo.kill('SIGINT')
  await ended
}

/** Where the demo is and which key opens it, once it says so. */
async function started() {
  let said = ''
  for await (const part of demo.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    said += part
    const [, url] = /^dashboard: (\S+)$/m.exec(said) ?? []
    const [, key] = /^api key: (\S+)$/m.exec(said) ?? []
    if (url === undefined || key === undefined) continue
    demo.stdout.resume()
    return { url, key }
  }
  throw new Error(`the demo ended:\n${said}`)
}

async function take(colorScheme, url, key, isDrawn) {
  const context = await browser.newContext({ viewport: VIEW, colorScheme })
  await context.addInitScript(text => sessionStorage.setItem('api-key', text), key)
  const page = await context.newPage()
  await page.goto(url)
  await isDrawn(page)
  await page.evaluate(() => document.fonts.ready)
  const devTools = await context.newCDPSession(page)
  const { data } = await devTools.send('Page.captureScreenshot', { format: 'webp', quality: QUALITY })
  writeFileSync(join(root, 'docs', `dashboard-${colorScheme}.webp`), Buffer.from(data, 'base64'))
  await context.close()
}
