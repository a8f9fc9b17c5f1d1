import { type DecidingVerdict, type HealthBody, type HistoryEntryBody, VERSION } from '@lxc-autoscale/core'
import type { FastifyRequest } from 'fastify'
import { daemonStates } from '../daemon-states.ts'
import type { ContainerFacts } from '../host/container-facts.ts'
import type { ApiApp } from '../http/api-app.ts'
import { mayReach, NOBODY } from '../http/caller.ts'
import { type Html, html, PAGE_CSP, page } from '../http/html.ts'
import { curlExample } from '../http/listed-routes.ts'
import { readContainers } from './read-containers.ts'
import type { RouteContext } from './route-context.ts'

/** How far back the last change of each container is looked for. */
const MAX_CHANGES = 1_000
/** The container of the examples; on the page one that there is takes its place. */
const EXAMPLE_VMID = 101

/** GET / */
export function pageRoutes(app: ApiApp, context: RouteContext): void {
  app.get('/', { config: { access: 'public', summary: 'This API on one page, for people.' } }, async (request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', PAGE_CSP)
      .header('cache-control', 'no-store')
      .serializer(String)
      .send(page('LXC AutoScale ML', await overview(context, request))),
  )
}

async function overview(context: RouteContext, request: FastifyRequest): Promise<Html> {
  const { caller } = request
  const isKnown = caller !== NOBODY
  const all = isKnown ? await readContainers(context.containers) : []
  const containers = all.filter(({ vmid }) => mayReach(caller, vmid))
  const health = await context.health.check()
  return html`
<h1>LXC AutoScale ML ${VERSION}</h1>
${health.deciding === undefined ? '' : verdictOf(health.deciding)}
<p>Gives every running LXC container of this Proxmox VE host the CPU cores and the memory that it needs, within limits, with
a reason and a way back. This is its HTTP interface: the only part that changes anything.</p>
${stateOf(context, health)}
${isKnown ? await containerTable(context, containers) : keyForm()}
${routeTable(context, request, containers[0]?.vmid)}`
}

function stateOf(context: RouteContext, { status, checks }: HealthBody): Html {
  return html`<h2>State</h2>
<table>
<tr><th>daemon<th>state<th>
${daemonStates(context).map(({ name, state, detail }) => html`<tr><td>${name}<td class="${state === 'running' ? 'good' : 'bad'}">${state}<td>${detail}`)}
</table>
<p>Health: <span class="${status === 'healthy' ? 'good' : 'bad'}">${status}</span></p>
<table>
<tr><th>check<th><th>
${Object.entries(checks).map(([name, { ok, detail }]) => html`<tr><td>${name}<td class="${ok ? 'good' : 'bad'}">${ok ? 'ok' : 'failed'}<td>${detail}`)}
</table>`
}

const VERDICT_CLASSES = { deciding: 'good', idle: '', stuck: 'bad' } as const

/** Is it deciding? In one line, with what mends it. */
function verdictOf({ state, text, problems }: DecidingVerdict): Html {
  const mends = problems.filter(({ mend }) => mend !== '')
  return html`<p class="${VERDICT_CLASSES[state]}">${text}</p>
${mends.length === 0 ? '' : html`<pre>${mends.map(({ mend }) => html`${mend}\n`)}</pre>`}`
}

function keyForm(): Html {
  return html`<h2>Containers</h2>
<form><label>API key <input name="key" type="password" autocomplete="off" required></label> <button>Show</button></form>`
}

async function containerTable({ audit }: RouteContext, containers: readonly ContainerFacts[]): Promise<Html> {
  const last = await lastChanges(audit.newestFirst())
  return html`<h2>Containers</h2>
<table>
<tr><th>number<th>name<th>state<th class="number">cores<th class="number">cpulimit<th class="number">memory MB<th>last change
${containers.map(facts => containerRow(facts, last.get(facts.vmid)))}
</table>
<p>In brackets: what the kernel enforces, where it is not what is configured.</p>
<p><button data-path="/">Refresh</button></p>`
}

function containerRow(
  { vmid, name, status, lock, configured, inForce }: ContainerFacts,
  last: HistoryEntryBody | undefined,
): Html {
  return html`<tr><td>${vmid}<td>${name}<td>${status}${lock === undefined ? '' : `, locked (${lock})`}
<td class="number">${both(configured.cores, inForce.cores)}
<td class="number">${both(configured.cpuLimit, inForce.cpuLimit)}
<td class="number">${both(configured.memoryMb, inForce.memoryMb)}
<td>${last === undefined ? 'none' : `${last.time} by ${last.who.key}: ${last.message}`}`
}

function both(configured: number | undefined, inForce: number | undefined): string {
  const text = configured === undefined ? 'all' : String(configured)
  return inForce === undefined || inForce === configured ? text : `${text} (${inForce})`
}

async function lastChanges(
  newestFirst: AsyncIterable<HistoryEntryBody>,
): Promise<ReadonlyMap<number, HistoryEntryBody>> {
  const last = new Map<number, HistoryEntryBody>()
  let read = 0
  for await (const entry of newestFirst) {
    if (entry.outcome === 'applied' && !last.has(entry.lxc_id)) last.set(entry.lxc_id, entry)
    if (++read >= MAX_CHANGES) break
  }
  return last
}

function routeTable({ listed }: RouteContext, request: FastifyRequest, vmid: number | undefined): Html {
  const baseUrl = `${request.protocol}://${request.host}`
  const withVmid = (example: Readonly<Record<string, unknown>> | undefined) =>
    example?.['lxc_id'] === EXAMPLE_VMID && vmid !== undefined ? { ...example, lxc_id: vmid } : example
  return html`<h2>Routes</h2>
<p>All answers are JSON. Keys go into the header <code>X-API-Key</code>; the commands below take one from the shell:
<code>export API_KEY=...</code>. <a href="/docs" data-path="/docs">All fields of all routes</a>.</p>
<table>
<tr><th>route<th>needs<th>
${[...listed.values()].map(
  route => html`<tr><td><code>${route.methods.join(', ')} ${route.url}</code><td>${route.access}<td>${route.description}
<pre>${curlExample({ ...route, example: withVmid(route.example) }, baseUrl)}</pre>`,
)}
</table>`
}
