/** Counts checks and prints one line for each, and how long each part took. */
export class Tally {
  passed = 0
  failed = 0

  add(isGood, sentence) {
    this.line(`${isGood ? 'ok' : 'not ok'} - ${sentence}`)
  }

  /** A line of a test program: counted when it is a result, printed in any case. */
  line(text) {
    if (text.startsWith('ok - ')) this.passed++
    if (text.startsWith('not ok - ')) this.failed++
    console.log(text)
  }

  async time(what, work) {
    const startMs = performance.now()
    try {
      return await work()
    } finally {
      console.log(`# ${what}: ${((performance.now() - startMs) / 1_000).toFixed(1)} s`)
    }
  }
}
