/** A cache that fills by day, saves itself to disk meanwhile, and is emptied in the evening. */
export const redis = {
  name: 'redis',
  process: 'redis-server',
  options: { cores: '1', memory: '384' },
  service: `chown redis /var/lib/redis
    exec setpriv --reuid=redis --regid=redis --clear-groups redis-server --bind 0.0.0.0 --protected-mode no --dir /var/lib/redis --save "20 1000"`,

  async slice({ run, address, load }) {
    const keys = Math.round(20_000 + 250_000 * load)
    const count = Math.round(500 + 6_000 * load)
    const held = Number(await run('redis-cli', '-h', address, 'dbsize'))
    if (held > 1.5 * keys) {
      await run('redis-cli', '-h', address, 'flushall')
      await run('redis-cli', '-h', address, 'memory', 'purge')
    }
    const words = ['-h', address, '-c', '4', '-n', count, '-r', keys, '-d', '1000', '-t', 'set,get', '--csv']
    const rows = (await run('redis-benchmark', ...words)).matchAll(
      /^"(?:SET|GET)","([\d.]+)"(?:,"[\d.]+"){4},"([\d.]+)"/gm,
    )
    const tests = [...rows].map(([, perSecond, p99Ms]) => ({ seconds: count / perSecond, p99Ms: Number(p99Ms) }))
    if (tests.length !== 2) throw new Error('redis-benchmark did not finish')
    const seconds = tests.reduce((sum, test) => sum + test.seconds, 0)
    return { requests: 2 * count, failed: 0, seconds, p99Ms: Math.max(...tests.map(test => test.p99Ms)) }
  },
}
