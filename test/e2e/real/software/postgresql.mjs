import { quantile } from '../../recording/trend.mjs'

const USEC_PER_MS = 1_000

/** Transactions of bank tellers, more by day, and reports that sort in memory. Sized by quota, in tenths of a core. */
export const postgresql = {
  name: 'postgresql',
  process: 'postgres',
  options: { cores: '2', cpulimit: '1', memory: '384' },
  service: `mkdir -p /dev/shm /run/postgresql; mount -t tmpfs -o mode=1777 tmpfs /dev/shm; chown postgres /run/postgresql
    version=$(ls /usr/lib/postgresql); settings=/etc/postgresql/$version/main
    echo 'host all all 192.0.2.0/24 trust' >>$settings/pg_hba.conf
    exec setpriv --reuid=postgres --regid=postgres --init-groups /usr/lib/postgresql/$version/bin/postgres -D $settings \
      -c listen_addresses='*' -c shared_buffers=96MB -c max_connections=50`,

  async prepare({ run, address }) {
    await run('pgbench', '-q', '-i', '-s', '5', '-h', address, '-U', 'postgres', 'postgres')
  },

  async slice({ run, address, load }) {
    const clients = Math.round(1 + 7 * load)
    const words = `-n -c ${clients} -j 1 -t ${Math.round(10 + 40 * load)} -h ${address} -U postgres -l --log-prefix=/tmp/tellers postgres`
    const script = `rm -f /tmp/tellers.*; pgbench ${words} 2>&1 && cut -d' ' -f3 /tmp/tellers.*`
    const output = await run('sh', '-c', script)
    const latencies = [...output.matchAll(/^(\d+)$/gm)].map(([, usec]) => usec / USEC_PER_MS)
    const [, failed] = /^number of failed transactions: (\d+)/m.exec(output)
    const [, perSecond] = /^tps = ([\d.]+)/m.exec(output)
    return {
      requests: latencies.length,
      failed: Number(failed),
      seconds: latencies.length / perSecond,
      p99Ms: quantile(latencies, 0.99),
    }
  },

  /** A report: sorts in memory, whatever the tellers do meanwhile. */
  async aside({ run, address, load }) {
    const rows = Math.round(20_000 + 700_000 * load)
    const report = `set work_mem = '300MB'; select count(*) from (select md5(n::text) from generate_series(1, ${rows}) n order by 1 offset 1) sorted`
    await run('psql', '-q', '-h', address, '-U', 'postgres', 'postgres', '-c', report)
  },
}
