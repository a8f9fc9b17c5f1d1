import { bill, replayPicture, staticRun, type Trace } from '@lxc-autoscale/replay'
import { describe, expect, test } from 'vitest'

const DAY = 1_440
/** Two days of minutes at 100 MB and 1 core, and at some minutes 900 MB. */
function traceWith(peaksAt: readonly number[]): Trace {
  const minutes = Array.from({ length: 2 * DAY }, (_, minute) => minute)
  return {
    name: 'a <shape>',
    timesS: Float64Array.from(minutes, minute => (4 * DAY + minute) * 60),
    cpuCores: Float64Array.from(minutes, () => 1),
    memoryMb: Float64Array.from(minutes, minute => (peaksAt.includes(minute) ? 900 : 100)),
    initialCores: 1,
    initialMemoryMb: 200,
    utcOffsetMs: 0,
  }
}

function pictureWith(peaksAt: readonly number[]): string {
  const trace = traceWith(peaksAt)
  const run = staticRun(trace, 1, 200)
  return replayPicture(trace, { policy: 'static', run, bill: bill(trace, run, 512) })
}

describe('replayPicture', () => {
  test('shows a peak of one minute, however thin', () => {
    // from 100 to 900 of 990 MB that fill 112 units, and back
    expect(pictureWith([1_000])).toContain('V101h233v-91h2v91H672')
  })

  test('marks each kill where it was', () => {
    const crosses = (picture: string) => picture.match(/l8 8m0-8l-8 8/g)?.length
    // one stands in the legend
    expect(crosses(pictureWith([]))).toBe(1)
    const two = pictureWith([720, 721, 2_160])
    expect(crosses(two)).toBe(3)
    expect(two).toContain('killed: 2')
    expect(two).toContain('M164 4l8 8m0-8l-8 8M500 4')
  })

  test('is small, and escapes the name of the trace', () => {
    const picture = pictureWith([720])
    expect(picture.length).toBeLessThan(4_000)
    expect(picture).toContain('a &lt;shape&gt; under static')
  })
})
