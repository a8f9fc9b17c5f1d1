/** A made-up host after the contracts of packages/core/src/contracts. It changes as it is told to, by no rules. */

const NAMES = ['web', 'db', 'mail', 'git', 'wiki', 'cache', 'media', 'proxy', 'backup', 'ci', 'dns', 'chat']
const HOSTILE = [
  '<img src=x onerror=alert(1)>',
  'evil\u202Egnp.exe',
  'bell\u0007and\u001b[31mred',
  'x'.repeat(300),
  'שרת-דואר',
  '"><script>alert(1)</script>',
]
const STATES = [
  ['fits', 'it has what it needs'],
  ['growing', 'memory: a job is expected at 02:00, which took 3.1 GiB on 6 of the last 7 days'],
  ['shrink_held', 'memory: not shrunk yet: it was changed 12 min ago'],
  ['cooling_down', 'changed 3 min ago; the next change may come in 2 min'],
  ['at_maximum', 'it would need 12 cores, and its maximum is 8 (max_cpu_cores of the tier "databases")'],
  ['abnormal', 'unlike its own last weeks: disk reads, processes; nothing is taken from it meanwhile'],
  ['paused', 'left alone until a person says otherwise'],
  ['locked', 'Proxmox holds the lock "backup"'],
  ['no_data', 'its newest figures are 4 min old'],
  ['boosted', 'boosted by admin-key until 14:30'],
  ['learning', 'watched for 40 min; nothing is taken from it for another 2.3 h'],
  ['stopped', 'it does not run'],
]
const REASONS = [
  'cores: throttled: half as much again',
  'memory: peak of the last 4 hours, +15 %',
  'cores: 12 % of the allocation used for 3 h',
  'memory: the job of 02:00 is provided for',
]
const STEPS = 48

let seed = 7
const random = () => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
  return seed / 2_147_483_648
}
const pick = list => list[Math.floor(random() * list.length)]
const iso = ms => new Date(ms).toISOString()
const round = (value, digits = 2) => Number(value.toFixed(digits))

export function makeFleet(count, { isDryRun, isBroken }) {
  const rows = Array.from({ length: count }, (_, at) => row(at, isDryRun))
  const history = rows.flatMap(each => (each.last_change === null ? [] : [entryOf(each)]))
  const sparks = Object.fromEntries(rows.map(each => [each.lxc_id, spark(each)]))
  return { rows, history, sparks, isDryRun, isBroken, whatIf: undefined, onChange: () => undefined }
}

function row(at) {
  const isCalm = at >= STATES.length * 2 && random() < 0.8
  const [state, stateText] = isCalm ? STATES[0] : STATES[at % STATES.length]
  const cores = pick([1, 2, 2, 4, 8, 16])
  const memoryMb = pick([512, 1_024, 1_536, 2_048, 4_096, 8_192, 32_768])
  const isStopped = state === 'stopped'
  const isDark = isStopped || state === 'no_data'
  const lxcId = 101 + at
  return {
    lxc_id: lxcId,
    name:
      at >= 3 && at < 3 + HOSTILE.length
        ? HOSTILE[at - 3]
        : `${NAMES[at % NAMES.length]}-${Math.floor(at / NAMES.length) + 1}`,
    tags: [['prod'], ['prod', 'db'], [], ['autoscale-tier-databases'], ['<b>tag</b>']][at % 5],
    tier: at % 5 === 3 ? 'databases' : null,
    status: isStopped ? 'stopped' : 'running',
    state,
    state_text: stateText,
    cores_used: isDark ? null : round(cores * random() ** 2),
    cores_given: at % 17 === 5 ? null : cores,
    memory_used_mb: isDark ? null : Math.round(memoryMb * (0.1 + 0.8 * random())),
    memory_given_mb: memoryMb,
    memory_floor_mb: isDark ? null : Math.round(memoryMb * 0.08),
    throttled_percent: isDark ? null : Number(state === 'growing') * 14,
    mode: at % 11 === 7 ? 'grow_only' : null,
    paused_until: state === 'paused' ? 'forever' : null,
    boost:
      state === 'boosted'
        ? {
            lxc_id: lxcId,
            change_id: `b00570${at}`,
            until: iso(Date.now() + 5_400_000),
            who: 'admin-key',
            before: { cores: cores / 2, cpulimit: null, memory_mb: memoryMb / 2, swap_mb: 512 },
            given: { cores, cpulimit: null, memory_mb: memoryMb, swap_mb: 512 },
          }
        : null,
    last_change:
      at % 7 === 6
        ? null
        : {
            id: `${(0xabc123 + at * 7_919).toString(16)}-made-up`,
            time: iso(Date.now() - random() ** 3 * 86_400_000 * 9 - 20_000),
            who: at % 4 === 0 ? 'alice' : 'model',
            is_by_model: at % 4 !== 0,
            text: at % 2 === 0 ? `cores ${cores / 2} -> ${cores}` : `memory ${memoryMb * 2} -> ${memoryMb} MB`,
            reason: reasonOf(at),
          },
  }
}

function reasonOf(at) {
  if (at === 4) return '<b>because</b>\u202E of \u0000 it'
  return at % 4 === 0 ? null : pick(REASONS)
}

function spark({ cores_used: cores, memory_used_mb: memory }) {
  const wave = value => {
    const phase = random() * 6
    return Array.from({ length: STEPS }, (_, at) =>
      value === null || at < 3 ? null : round(value * (0.7 + 0.3 * Math.sin(at / 5 + phase) + 0.25 * random())),
    )
  }
  return { cores: wave(cores), memory_mb: wave(memory) }
}

function entryOf({
  lxc_id: lxcId,
  name,
  last_change: { id, time, who, is_by_model: isByModel, text, reason },
  memory_given_mb: memory,
  cores_given: cores,
}) {
  const isCores = text.startsWith('cores')
  const sizes = { cores, cpulimit: null, memory_mb: memory, swap_mb: 512 }
  return {
    id,
    time,
    duration_seconds: 1.4,
    action: 'scale',
    lxc_id: lxcId,
    name,
    who: { key: who, role: isByModel ? 'scale' : 'admin', address: '127.0.0.1' },
    asked: isCores ? { lxc_id: lxcId, cores } : { lxc_id: lxcId, memory },
    before: isCores ? { ...sizes, cores: cores === null ? null : cores / 2 } : { ...sizes, memory_mb: memory * 2 },
    after: sizes,
    why: reason,
    force: false,
    outcome: 'applied',
    error: null,
    message: `container ${lxcId}: ${text}`,
    undo_of: null,
    idempotency_key: isByModel ? `0123456789abcdef-${lxcId}-1` : null,
  }
}

/** Moves the loads on; the rows that are other than before. */
export function move(fleet) {
  return fleet.rows.flatMap((each, at) => {
    if (each.cores_used === null || random() < 0.3) return []
    const cores = round(Math.max(0.01, Math.min(each.cores_given ?? 8, each.cores_used + (random() - 0.5) * 0.3)))
    const memory = Math.round(Math.min(each.memory_given_mb, each.memory_used_mb * (0.97 + 0.06 * random())))
    fleet.rows[at] = { ...each, cores_used: cores, memory_used_mb: memory }
    return [fleet.rows[at]]
  })
}

const sum = (rows, field) =>
  round(
    rows.reduce((total, each) => total + (each.status === 'running' ? (each[field] ?? 0) : 0), 0),
    1,
  )

export function head({ rows, isDryRun, isBroken }, { caller, isAuthenticated }) {
  const paused = rows.filter(({ state }) => state === 'paused').length
  const problems = isBroken
    ? [
        { code: 'model_not_running', text: 'the model does not run', mend: 'systemctl start lxc_autoscale_ml' },
        { code: 'data_stale', text: 'the newest metrics are 4 min old', mend: 'systemctl restart lxc_monitor' },
        { code: 'breaker_open', text: 'the circuit breaker of the API is open for another 3 min', mend: '' },
      ]
    : []
  return {
    now: iso(Date.now()),
    version: '2.0.0',
    node: 'pve-1',
    cluster: null,
    caller,
    is_authenticated: isAuthenticated,
    is_dry_run: isDryRun,
    interval_seconds: 10,
    newest_sample: iso(Date.now() - (isBroken ? 240_000 : 4_000)),
    verdict: isBroken
      ? { state: 'stuck', text: 'nothing is decided: the model does not run', problems }
      : { state: 'deciding', text: 'deciding; last cycle 12 s ago', problems },
    daemons: [
      {
        name: 'lxc_monitor',
        state: isBroken ? 'not running' : 'running',
        detail: 'its newest figures are 240 s old: systemctl restart lxc_monitor',
      },
      {
        name: 'lxc_autoscale_ml',
        state: isBroken ? 'not running' : 'running',
        detail: isBroken ? 'systemctl start lxc_autoscale_ml' : 'process 812',
      },
      { name: 'lxc_autoscale_api', state: 'running', detail: 'process 813' },
    ],
    failed_checks: isBroken
      ? [{ name: 'audit_log', detail: '/var/lib/lxc_autoscale_ml/api: no space left on device' }]
      : [],
    looked_after: rows.length - paused,
    paused,
    containers: rows.length,
    cores: {
      total: Math.max(32, rows.length * 3),
      given: sum(rows, 'cores_given'),
      used: sum(rows, 'cores_used'),
      available: null,
      reserved: null,
    },
    memory_mb: {
      total: Math.max(131_072, rows.length * 6_000),
      given: sum(rows, 'memory_given_mb'),
      used: sum(rows, 'memory_used_mb'),
      available: Math.max(131_072, rows.length * 6_000) * 0.4,
      reserved: 4_096,
    },
    freed_since_install: { cores: 14, memory_mb: 22_528 },
    freed_last_7_days: { cores: -1.5, memory_mb: 3_072 },
  }
}

export function overview(fleet, asked) {
  return {
    head: head(fleet, asked),
    rows: fleet.rows,
    sparks_end: iso(Math.floor(Date.now() / 300_000) * 300_000),
    sparks: fleet.sparks,
  }
}

class Refusal extends Error {
  constructor(status, code, message) {
    super(message)
    Object.assign(this, { status, code })
  }
}

/** What a route answers; undefined: there is none. */
export function answer(fleet, method, asked) {
  const { url, body, caller } = asked
  const steering = { all_paused_until: null, pauses: [], modes: [], boosts: [], problem: null }
  switch (`${method} ${url.pathname}`) {
    case 'GET /overview':
      return { data: overview(fleet, asked) }
    case 'GET /resource/lxc/config':
      return { data: config(find(fleet, url.searchParams.get('lxc_id'))) }
    case 'GET /history':
      return { data: { entries: historyPage(fleet, url.searchParams), caller } }
    case 'GET /series':
      return { data: series(fleet, url.searchParams) }
    case 'GET /steering':
      return { data: steering }
    case 'POST /pause':
      set(fleet, body.lxc_id, {
        state: 'paused',
        state_text: 'left alone',
        paused_until: body.seconds === undefined ? 'forever' : iso(Date.now() + body.seconds * 1_000),
      })
      return { data: steering }
    case 'POST /resume':
      set(fleet, body.lxc_id, { state: 'fits', state_text: 'it has what it needs', paused_until: null })
      return { data: steering }
    case 'POST /mode':
      set(fleet, body.lxc_id, { mode: body.mode })
      return { data: steering }
    case 'POST /boost':
      return boost(fleet, body, caller)
    case 'POST /boost/end':
      set(fleet, body.lxc_id, { state: 'fits', state_text: 'it has what it needs', boost: null })
      return { data: {}, message: `container ${body.lxc_id} has what it had before the boost` }
    case 'POST /undo':
      return undo(fleet, body)
    case 'POST /what-if':
      fleet.whatIf = { id: 'w1', lxc_id: body.lxc_id, startedMs: Date.now() }
      return { data: whatIf(fleet) }
    case 'GET /what-if/w1':
      return { data: whatIf(fleet) }
    case 'DELETE /what-if/w1':
      return { data: { ...whatIf(fleet), state: 'cancelled', text: 'cancelled' } }
  }
  const [, id] = /^POST \/history\/([^/]+)\/undo$/.exec(`${method} ${url.pathname}`) ?? []
  return id === undefined ? undefined : undo(fleet, { ...body, change_id: id })
}

function config(row) {
  return { ...sizes(row), steering: { paused_until: row.paused_until, mode: row.mode, boost: row.boost } }
}

function sizes({ cores_given: cores, memory_given_mb: memoryMb }) {
  return { cores, cpulimit: null, memory_mb: memoryMb, swap_mb: 512 }
}

function set(fleet, vmid, fields) {
  fleet.rows = fleet.rows.map(each => (vmid === undefined || each.lxc_id === vmid ? { ...each, ...fields } : each))
}

function find(fleet, vmid) {
  const found = fleet.rows.find(({ lxc_id: each }) => each === Number(vmid))
  if (found === undefined) throw new Refusal(404, 'CONTAINER_NOT_FOUND', `there is no container ${vmid} on this host`)
  return found
}

function boost(fleet, { lxc_id: vmid, cores, memory, seconds, dry_run: isDry }, caller) {
  const each = find(fleet, vmid)
  if (memory > 65_536)
    throw new Refusal(
      409,
      'HOST_CAPACITY',
      `the host has 5280 MB available, and ${memory - each.memory_given_mb} MB more would leave -60256`,
    )
  const before = sizes(each)
  const given = { ...before, cores: cores ?? before.cores, memory_mb: memory ?? before.memory_mb }
  const until = iso(Date.now() + seconds * 1_000)
  const made = { lxc_id: vmid, change_id: 'b00571', until, who: caller.key, before, given }
  if (!isDry)
    set(fleet, vmid, {
      state: 'boosted',
      state_text: `boosted by ${caller.key}`,
      boost: made,
      cores_given: given.cores,
      memory_given_mb: given.memory_mb,
    })
  const words = `${before.cores} cores, ${before.memory_mb} MB -> ${given.cores} cores, ${given.memory_mb} MB`
  return { data: made, message: `container ${vmid} ${isDry ? 'would be' : 'is'} boosted: ${words}` }
}

function undo(fleet, body) {
  const wanted = fleet.history.filter(
    ({ id, lxc_id: vmid, time }) =>
      (body.change_id === undefined || id === body.change_id) &&
      (body.lxc_id === undefined || vmid === body.lxc_id) &&
      (body.since === undefined || Date.parse(time) >= Date.parse(body.since)),
  )
  const containers = wanted.map(({ lxc_id: vmid, name, before, after }) => ({
    lxc_id: vmid,
    name,
    outcome: 'taken_back',
    message: `${after.cores} cores, ${after.memory_mb} MB -> ${before.cores} cores, ${before.memory_mb} MB`,
    error: null,
    changes: [],
    change_id: null,
  }))
  return {
    data: { dry_run: body.dry_run === true, containers, others: [] },
    message: `${containers.length} changes taken back`,
  }
}

function historyPage({ history }, query) {
  const vmid = query.get('lxc_id')
  const sorted = history
    .filter(({ lxc_id: each }) => vmid === null || each === Number(vmid))
    .sort((a, b) => b.time.localeCompare(a.time))
  const skip = Number(query.get('skip') ?? 0)
  return sorted.slice(skip, skip + Number(query.get('limit') ?? 100))
}

function series(fleet, query) {
  const { lxc_id: vmid, cores_given: cores, memory_given_mb: memory } = find(fleet, query.get('lxc_id'))
  const sinceMs = Date.parse(query.get('since'))
  const untilMs = query.has('until') ? Date.parse(query.get('until')) : Date.now()
  const steps = 300
  const stepMs = (untilMs - sinceMs) / steps
  const column = make => Array.from({ length: steps }, (_, at) => (at > 40 && at < 50 ? null : make(at)))
  const spread = make => {
    const mean = column(make)
    return { min: mean.map(v => v && round(v * 0.8)), mean, max: mean.map(v => v && round(v * 1.25)) }
  }
  return {
    lxc_id: vmid,
    since: iso(sinceMs),
    until: iso(untilMs),
    step_seconds: stepMs / 1_000,
    source: 'minutes',
    cores_used: spread(at => round((cores ?? 8) * (0.4 + 0.3 * Math.sin(at / 30) + 0.1 * random()))),
    cores_given: column(at => (at < 150 ? (cores ?? 8) / 2 : cores)),
    throttled_percent: column(at => (at > 130 && at < 150 ? 20 * random() : 0)),
    memory_used_mb: spread(at => Math.round(memory * (0.5 + 0.2 * Math.sin(at / 40)))),
    memory_given_mb: column(at => (at < 200 ? memory : memory / 2)),
    memory_floor_mb: column(() => memory * 0.1),
    swap_used_mb: column(() => 12),
    cpu_pressure_percent: column(() => random() * 5),
    memory_pressure_percent: column(() => 0),
    io_pressure_percent: column(() => random() * 12),
    kills: column(at => (at === 180 ? 1 : 0)),
    anomalies: [
      {
        from: iso(sinceMs + 80 * stepMs),
        until: iso(sinceMs + 110 * stepMs),
        text: 'unlike its own last weeks',
        features: [
          { name: 'io_reads', share: 0.6 },
          { name: 'process_count', share: 0.4 },
        ],
      },
    ],
    changes: historyPage(fleet, new URLSearchParams({ lxc_id: String(vmid) })),
  }
}

function whatIf({ whatIf: { id, lxc_id: vmid, startedMs } }) {
  const progress = Math.min(1, (Date.now() - startedMs) / 5_000)
  const column = make => Array.from({ length: 200 }, (_, at) => make(at))
  const result = {
    since: iso(Date.now() - 86_400_000),
    step_seconds: 432,
    cores_used: column(at => 1 + Math.sin(at / 20)),
    cores_given: column(() => 4),
    cores_would: column(at => (at < 100 ? 3 : 2)),
    memory_used_mb: column(at => 600 + 200 * Math.sin(at / 20)),
    memory_given_mb: column(() => 2_048),
    memory_would_mb: column(() => 1_024),
    settings: { policy: 'adaptive' },
    had: { cores: 4, memory_mb: 2_048, short_percent: 0, changes: 2 },
    would: { cores: 2.5, memory_mb: 1_024, short_percent: 0.1, kills: 0, changes: 5 },
  }
  return {
    id,
    lxc_id: vmid,
    state: progress < 1 ? 'running' : 'done',
    progress,
    text: 'replaying',
    result: progress < 1 ? null : result,
  }
}
