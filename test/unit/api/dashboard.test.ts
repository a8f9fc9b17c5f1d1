import { rmSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { apiInProcess } from '../../fakes/api-in-process.ts'

test('a dashboard that was not built is said in words, and the API works without it', async () => {
  const api = await apiInProcess({ containers: [] }, {})
  onTestFinished(() => api.close())
  rmSync(api.dashboard, { recursive: true })
  const page = await api.app.inject('/container/101')
  expect(page.statusCode).toBe(503)
  expect(page.headers['content-type']).toBe('text/plain; charset=utf-8')
  expect(page.body).toContain('npm run build')
  expect((await api.app.inject('/assets/main.js')).statusCode).toBe(404)
  expect((await api.app.inject('/openapi.json')).statusCode).toBe(200)
})
