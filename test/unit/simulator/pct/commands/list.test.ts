import { describe, expect, test } from 'vitest'
import { makeHost, silent } from '../../pretend-host.ts'

describe('list', () => {
  test('prints nothing at all without containers', async () => {
    const host = await makeHost([])
    expect(await host.pct('list')).toEqual(silent)
  })

  test('pads its columns, and lets a long lock overflow', async () => {
    const host = await makeHost([
      { vmid: 1234567, shape: 'idle', config: { hostname: undefined, lock: 'snapshot-delete' } },
      { vmid: 100, shape: 'idle', hostname: 'web' },
      { vmid: 101, shape: 'idle', hostname: 'db.example.com', running: false, config: { lock: 'snapshot' } },
    ])
    expect((await host.pct('list')).stdout).toBe(
      [
        'VMID       Status     Lock         Name                ',
        '100        running                 web                 ',
        '101        stopped    snapshot     db.example.com      ',
        '1234567    running    snapshot-delete CT1234567           ',
        '',
      ].join('\n'),
    )
  })

  test('shows a template as a stopped container', async () => {
    const host = await makeHost([{ vmid: 100, shape: 'idle', hostname: 'base', template: true }])
    expect((await host.pct('list')).stdout).toContain('100        stopped                 base                \n')
  })
})
