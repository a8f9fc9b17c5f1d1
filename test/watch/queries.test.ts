import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { PROMETHEUS_FOLDER, promtool, RULES_FILE } from './promtool.ts'
import type { Answered } from './running-prometheus.ts'
import { CAPPED, LEAKING, PAUSED, WatchedHost } from './watched-host.ts'

const repository = join(import.meta.dirname, '..', '..')
const grafana = join(repository, 'config', 'grafana')
const PAGE = readFileSync(join(repository, 'docs', 'monitoring.md'), 'utf8')
/** The queries of the ten questions. */
const QUESTIONS = [...PAGE.matchAll(/^ *```promql\n([^`]+?)\n *```$/gm)].map(([, query = '']) => query.trim())

interface Queried {
  readonly expr?: string
}

/** The queries of all dashboards, as Grafana sends them for all hosts and containers. */
function dashboardQueries(): [dashboard: string, expression: string][] {
  return readdirSync(grafana).flatMap(file => {
    const dashboard: { panels: { targets: Queried[] }[]; annotations?: { list?: Queried[] } } = JSON.parse(
      readFileSync(join(grafana, file), 'utf8'),
    )
    const queried = [...dashboard.panels.flatMap(({ targets }) => targets), ...(dashboard.annotations?.list ?? [])]
    return queried.map(({ expr = '' }): [string, string] => [
      file,
      expr
        .replaceAll(/\$(instance|vmid)/g, '.+')
        .replaceAll('$__rate_interval', '10s')
        .replaceAll('$__range', '1h'),
    ])
  })
}

/** What the rules select, whether or not it is as bad as they warn of. */
function ruleSelectors(): string[] {
  const { groups }: { groups: { rules: { record?: string; expr: string }[] }[] } = parse(
    readFileSync(RULES_FILE, 'utf8'),
  )
  const rules = groups.flatMap(({ rules }) => rules)
  const selectors = rules.flatMap(({ expr }) =>
    [...expr.matchAll(/\b(?:lxc_|up\{)\w*(?:\{[^}]*\})?[^\s[(),/]*/g)].map(([found]) => found),
  )
  return [...new Set([...selectors, ...rules.flatMap(({ record }) => record ?? [])])]
}

/** As near as `increase` can be, which stretches what it saw to the whole hour. */
function isAbout(value: number | undefined, expected: number): boolean {
  return value !== undefined && Math.abs(value - expected) <= 0.5 + 0.08 * expected
}

describe.skipIf(PROMETHEUS_FOLDER === undefined)('a real Prometheus beside the running daemons', () => {
  let host: WatchedHost
  const ask = (question: number) => host.prometheus.ask(QUESTIONS[question - 1] ?? '')
  const numbers = (answer: readonly Answered[], label: string) =>
    new Map(answer.map(({ labels, value }) => [labels[label], value]))

  beforeAll(async () => {
    host = await WatchedHost.start()
    await host.until(async () => host.kills(LEAKING) > 0 && (await host.history()).length > 3)
    await host.askTooLittle(PAUSED)
  })

  afterAll(() => host?.remove())

  test.each(['monitor', 'model', 'api'] as const)(
    'finds nothing to say against the metrics of the %s',
    async daemon => {
      const text = await (await fetch(`http://127.0.0.1:${host.ports[daemon]}/metrics`)).text()
      expect(promtool(['check', 'metrics'], text)).toEqual({ exitCode: 0, text: '' })
    },
  )

  test('finds no more series of a container than the page says', async () => {
    const most = Number(/A container has at most (\d+) series/.exec(PAGE)?.[1])
    const texts = await Promise.all(
      Object.values(host.ports).map(async port => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
    )
    const series = texts
      .join('\n')
      .split('\n')
      .filter(line => line.includes(`{vmid="${PAUSED}"`))
    expect(series.length).toBeGreaterThan(most / 2)
    expect(series.length).toBeLessThanOrEqual(most)
  })

  test('gets an answer to each query of the dashboards and of the rules', async () => {
    const queries = [...dashboardQueries(), ...ruleSelectors().map(selector => ['rules', selector] as const)]
    expect(queries.length).toBeGreaterThan(80)
    const without = async () => {
      const answers = await Promise.all(queries.map(([, query]) => host.prometheus.askOverTime(query)))
      return queries.filter((_, at) => answers[at]?.length === 0)
    }
    await host.until(async () => (await without()).length === 0).catch(() => undefined)
    expect(await without()).toEqual([])
  })

  test('is asked ten questions on the page', () => expect(QUESTIONS).toHaveLength(10))

  test('1 and 2: what a container uses of what it is allowed is what the kernel says', async () => {
    await host.until(async () => {
      const usage = /^usage_usec (\d+)$/m
      const usec = () => Number(usage.exec(host.kernelFile(PAUSED, 'cpu.stat'))?.[1])
      const [before, startMs] = [usec(), performance.now()]
      await new Promise(resolve => setTimeout(resolve, 2_000))
      const cores = (usec() - before) / ((performance.now() - startMs) * 1_000)
      const share = numbers(await ask(1), 'name').get('java-app') ?? 0
      return Math.abs(share - cores / 2) < 0.05
    })
    await host.until(async () => {
      const [, file = ''] = /^file (\d+)$/m.exec(host.kernelFile(PAUSED, 'memory.stat')) ?? []
      const [, shmem = ''] = /^shmem (\d+)$/m.exec(host.kernelFile(PAUSED, 'memory.stat')) ?? []
      const used = Number(host.kernelFile(PAUSED, 'memory.current')) - Number(file) + Number(shmem)
      const limit = Number(host.kernelFile(PAUSED, 'memory.max'))
      const share = numbers(await ask(2), 'name').get('java-app') ?? 0
      return Math.abs(share - used / limit) < 0.03
    })
  })

  test('3: the container that would be given more than its maximum', async () => {
    await host.until(async () => {
      const found = (await ask(3)).map(({ labels }) => [labels['vmid'], labels['resource']].join())
      return found.includes(`${CAPPED},cpu`)
    })
  })

  test('4 and 5: changes and refusals are those of the audit log', async () => {
    await host.until(async () => {
      const [changes, refusals, history] = [await ask(4), numbers(await ask(5), 'reason'), await host.history()]
      const expected = new Map<string, number>()
      const add = (key: string, count = 1) => expected.set(key, (expected.get(key) ?? 0) + count)
      for (const { outcome, before, after, error, count } of history) {
        if (outcome !== 'applied' && error !== null) add(error, count)
        if (outcome !== 'applied') continue
        for (const [resource, key] of [
          ['cpu', 'cores'],
          ['memory', 'memory_mb'],
        ] as const) {
          const grown = sizeOf(after, key) - sizeOf(before, key)
          if (grown !== 0) add(`${resource} ${grown > 0 ? 'up' : 'down'}`)
        }
      }
      const got = new Map([
        ...changes.map(({ labels, value }) => [`${labels['resource']} ${labels['direction']}`, value] as const),
        ...refusals,
      ])
      const isRefused = [...expected.keys()].includes('MEMORY_BELOW_FLOOR')
      return (
        isRefused &&
        [...got].every(([key, value]) => isAbout(value, expected.get(key ?? '') ?? 0)) &&
        [...expected].every(([key, value]) => isAbout(got.get(key), value))
      )
    })
  })

  test('6: kills are those of memory.events', async () => {
    await host.until(async () => {
      const got = numbers(await ask(6), 'vmid')
      const vmids = Array.from({ length: 8 }, (_, at) => 101 + at)
      const killed = vmids.filter(vmid => host.kills(vmid) > 0)
      return (
        killed.includes(LEAKING) &&
        got.size === killed.length &&
        killed.every(vmid => isAbout(got.get(String(vmid)), host.kills(vmid)))
      )
    })
  })

  test('7, 8 and 9: age of the figures, breaker, latency', async () => {
    const [age, breaker, latency] = [await ask(7), await ask(8), await ask(9)].map(([answer]) => answer?.value)
    expect(age).toBeGreaterThanOrEqual(0)
    expect(age).toBeLessThan(60)
    expect(breaker).toBe(0)
    expect(latency).toBeGreaterThan(0)
    expect(latency).toBeLessThan(60)
  })

  test('10: the containers that the model calls abnormal', async () => {
    await host.until(async () => {
      const strange = host.status().containers.filter(({ verdict }) => verdict?.is_anomalous === true)
      const got = numbers(await ask(10), 'vmid')
      return (
        strange.length > 0 &&
        strange.length === got.size &&
        strange.every(({ vmid, verdict }) => got.get(String(vmid)) === verdict?.score)
      )
    })
  })
})

function sizeOf(body: unknown, key: string): number {
  return Number((body as Record<string, unknown> | null)?.[key] ?? 0)
}
