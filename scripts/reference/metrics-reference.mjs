import { ApiTelemetry } from '../../packages/api/dist/telemetry.js'
import { ModelTelemetry } from '../../packages/model/dist/telemetry.js'
import { MonitorMetrics } from '../../packages/monitor/dist/exposition/monitor-metrics.js'

const BLOCK = /(<!-- generated: metrics -->\n)[\s\S]*?(<!-- end: metrics -->)/

/** `page` with a table of all metrics of the three daemons, as they describe themselves. */
export async function withMetrics(page) {
  const api = new ApiTelemetry({ waiting: 0, running: 0 }, { size: 0 })
  const daemons = { monitor: new MonitorMetrics(), model: new ModelTelemetry().registry, API: api.registry }
  const rows = []
  for (const [daemon, registry] of Object.entries(daemons)) {
    const text = await registry.metrics()
    const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]))
    for (const [, name, help] of text.matchAll(/^# HELP (\S+) (.*)$/gm)) {
      rows.push(`| \`${name}\` | ${daemon} | ${types.get(name)} | ${help} |`)
    }
  }
  const table = ['| metric | of | type | says |', '|---|---|---|---|', ...rows].join('\n')
  return page.replace(BLOCK, (_, begin, end) => `${begin}${table}\n${end}`)
}
