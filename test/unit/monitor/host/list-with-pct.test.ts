import { describe, expect, test } from 'vitest'
import { listWithPct } from '../../../../packages/monitor/src/host/list-with-pct.ts'
import { FakeClock } from '../../../fakes/fake-clock.ts'

const OUTPUT = `VMID       Status     Lock         Name                
100        running                 web                 
101        stopped    snapshot     db.example.com      
1234567    running    snapshot-delete CT1234567           
`
const settings = { timeoutSeconds: 30, retryLimit: 3, retryDelaySeconds: 2 }

describe('listWithPct', () => {
  test('tries again after a pause', async () => {
    const clock = new FakeClock()
    const answers = [new Error('got timeout'), new Error('got timeout'), OUTPUT]
    const listed = listWithPct(settings, clock, async () => {
      const answer = answers.shift()
      if (typeof answer !== 'string') throw answer
      return answer
    })
    await clock.advance(4_000)
    expect(await listed).toEqual(new Set([100, 1_234_567]))
  })

  test('gives up after the last try, with the reason', async () => {
    const clock = new FakeClock()
    let tries = 0
    const listed = listWithPct(settings, clock, async () => {
      tries++
      throw new Error('ipcc_send_rec failed')
    })
    const outcome = expect(listed).rejects.toMatchObject({
      code: 'PCT_FAILED',
      message: 'pct list: ipcc_send_rec failed',
    })
    await clock.advance(10_000)
    await outcome
    expect(tries).toBe(3)
  })

  test('does not wait for a command that is not installed', async () => {
    let tries = 0
    const listed = listWithPct(settings, new FakeClock(), async () => {
      tries++
      throw Object.assign(new Error('spawn pct ENOENT'), { code: 'ENOENT' })
    })
    await expect(listed).rejects.toMatchObject({ code: 'PCT_FAILED' })
    expect(tries).toBe(1)
  })
})
