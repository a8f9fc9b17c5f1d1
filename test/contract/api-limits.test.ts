import { expect, test } from 'vitest'
import { apiInProcess } from '../fakes/api-in-process.ts'

const KEYS = ['first', 'second'].map(name => ({ name, key: `key-of-the-${name}`, role: 'scale' }))

test('a key may ask for so many changes, also from this machine, refused or not; other keys and reading are not held up', async () => {
  const api = await apiInProcess(
    { containers: [{ vmid: 101, shape: 'idle', cores: 2, memoryMb: 1_024 }] },
    { authentication: { key_file: '', api_keys: KEYS }, rate_limiting: { max_changes_per_minute: 20 } },
  )
  try {
    const ask = (key: string, method: 'GET' | 'POST', url: string, payload?: unknown) =>
      api.app.inject({
        method,
        url,
        headers: { host: 'localhost', 'x-api-key': key, 'content-type': 'application/json' },
        ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }),
      })
    const change = (key: string, vmid: number) => ask(key, 'POST', '/scale/ram', { lxc_id: vmid, memory: 512 })
    const [first = '', second = ''] = KEYS.map(({ key }) => key)
    for (let at = 0; at < 20; at++) expect((await change(first, 900 + at)).statusCode).toBe(404)
    const refused = await change(first, 101)
    expect(refused.json()).toMatchObject({ error: 'RATE_LIMITED', limit: 20, window_seconds: 60 })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect((await change(second, 101)).statusCode).not.toBe(429)
    for (let at = 0; at < 150; at++)
      expect((await ask(first, 'GET', '/resource/lxc/config?lxc_id=101')).statusCode).toBe(200)
  } finally {
    await api.close()
  }
})

test('a reason has as many characters as can be read, however few it was sent in', async () => {
  const api = await apiInProcess(
    { containers: [{ vmid: 101, shape: 'idle', cores: 2, memoryMb: 1_024 }] },
    { authentication: { enabled: false } },
  )
  try {
    const ask = (reason: string) =>
      api.app.inject({
        method: 'POST',
        url: '/scale/cores',
        headers: { host: 'localhost' },
        payload: { lxc_id: 999, cores: 1, reason },
      })
    expect((await ask('x'.repeat(500))).statusCode).toBe(404)
    for (const reason of ['x'.repeat(501), '\u001b'.repeat(84)]) {
      const answer = await ask(reason)
      expect(answer.json()).toMatchObject({ error: 'INVALID_REQUEST' })
      expect(answer.json().message).toContain('reason: must have at most 500 characters')
    }
  } finally {
    await api.close()
  }
})
