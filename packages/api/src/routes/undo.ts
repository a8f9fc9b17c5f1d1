import {
  AutoscaleError,
  ChangeBody,
  type ErrorCode,
  type HistoryEntryBody,
  InstallUndoRequest,
  isErrorCode,
  successBody,
  UndoManyBody,
  UndoManyRequest,
  UndoRequest,
} from '@lxc-autoscale/core'
import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import type { ChangeOrigin } from '../changes/change-runner.ts'
import { planSince } from '../changes/undo-plan.ts'
import { success } from '../http/answer.ts'
import type { ApiApp } from '../http/api-app.ts'
import { type Caller, mayReach, requireReach } from '../http/caller.ts'
import { answerChange, makeChange, originOf } from './answer-change.ts'
import { readInstallSizes } from './history.ts'
import type { RouteContext } from './route-context.ts'
import { answerPreview } from './steering.ts'
import { findChange, type WayBack, wayBackOf, wayToInstall } from './ways-back.ts'

/** POST /undo, /history/ID/undo, /history/install/undo */
export function undoRoutes(app: ApiApp, context: RouteContext): void {
  app.post(
    '/undo',
    {
      schema: { body: UndoManyRequest, response: { 200: successBody(UndoManyBody) } },
      config: {
        access: 'scale',
        summary: 'Take back the newest change of a container, everything since a moment, or all that the model did.',
        example: { lxc_id: 101, dry_run: true },
      },
    },
    async ({ body, caller, ignored }, reply) => {
      const { steps, others } = await planOf(context, caller, body)
      const containers = await undoAll(context, reply, steps, body.dry_run === true)
      const data = { dry_run: body.dry_run === true, containers, others: [...others] }
      reply.send(success({ ignored }, summaryOf(data), data))
    },
  )
  app.post(
    '/history/:id/undo',
    {
      schema: {
        params: z.object({
          id: z
            .string()
            .regex(/^[0-9a-f-]{1,36}$/i, 'must be the number of a change, as GET /history gives it, or its beginning'),
        }),
        body: UndoRequest,
        response: { 200: successBody(ChangeBody) },
      },
      config: {
        access: 'scale',
        summary: 'Give a container back what it had before a change.',
        example: { id: '00000000-0000-4000-8000-000000000000' },
      },
    },
    async ({ params, body, caller }, reply) => {
      const entry = await findChange(context, caller, params.id)
      requireReach(caller, entry.lxc_id)
      const { with_later: withLater = false, force = false } = body
      const way = await wayBackOf(context, entry, { force, withLater })
      await answerWay(context, reply, entry.lxc_id, way)
    },
  )
  app.post(
    '/history/install/undo',
    {
      schema: { body: InstallUndoRequest, response: { 200: successBody(ChangeBody) } },
      config: {
        access: 'scale',
        summary: 'Give a container back what it had before the first change that the model made to it.',
        example: { lxc_id: 101 },
      },
    },
    async ({ body }, reply) => {
      const { lxc_id: vmid, force = false } = body
      await answerWay(context, reply, vmid, await wayToInstall(context, vmid, force))
    },
  )
}

const HowFields = UndoRequest.pick({ dry_run: true, only: true })

/** Makes the change, or only says what it would be. */
async function answerWay(context: RouteContext, reply: FastifyReply, vmid: number, way: WayBack): Promise<void> {
  const { dry_run: isDryRun, only } = HowFields.parse(reply.request.body)
  if (isDryRun !== true) return answerChange(context, reply, way.change(only))
  const { message, ...preview } = await way.preview(only)
  answerPreview(reply, vmid, message, preview)
}

interface Step {
  readonly vmid: number
  readonly name: string | null
  readonly changes: readonly HistoryEntryBody[]
  readonly undoOf: string
  way(): Promise<WayBack>
}

interface Plan {
  readonly steps: readonly Step[]
  readonly others: readonly HistoryEntryBody[]
}

type Asked = z.output<typeof UndoManyRequest>

function planOf(context: RouteContext, caller: Caller, asked: Asked): Promise<Plan> {
  if (asked.since !== undefined) return sincePlan(context, caller, asked, Date.parse(asked.since))
  return asked.all_to_install === true ? installPlan(context, caller, asked) : newestPlan(context, asked)
}

/** @throws {AutoscaleError} CHANGE_NOT_FOUND when it has none */
async function newestPlan(context: RouteContext, { lxc_id: vmid, force = false }: Asked): Promise<Plan> {
  const newest = (await context.audit.newestOfEach()).find(entry => entry.lxc_id === vmid)
  if (newest === undefined)
    throw new AutoscaleError('CHANGE_NOT_FOUND', `the audit log has no change of container ${vmid}`)
  const { lxc_id, name } = newest
  const step = {
    vmid: lxc_id,
    name,
    changes: [newest],
    undoOf: newest.id,
    way: () => wayBackOf(context, newest, { force }),
  }
  return { steps: [step], others: [] }
}

async function sincePlan(
  context: RouteContext,
  caller: Caller,
  { lxc_id: asked, force = false }: Asked,
  sinceMs: number,
): Promise<Plan> {
  const made: HistoryEntryBody[] = []
  for await (const entry of context.audit.newestFirst(sinceMs)) {
    const { lxc_id: vmid, time } = entry
    const isAsked = (asked === undefined || vmid === asked) && mayReach(caller, vmid)
    if (isAsked && Date.parse(time) >= sinceMs) made.push(entry)
  }
  const { steps, others } = planSince(made)
  const way = (oldest: HistoryEntryBody) => wayBackOf(context, oldest, { force, withLater: true })
  return { steps: steps.map(({ oldest, ...step }) => ({ ...step, undoOf: oldest.id, way: () => way(oldest) })), others }
}

async function installPlan(
  context: RouteContext,
  caller: Caller,
  { lxc_id: asked, force = false }: Asked,
): Promise<Plan> {
  const sizes = await readInstallSizes(context, caller)
  const steps = sizes
    .filter(({ lxc_id: vmid }) => asked === undefined || vmid === asked)
    .map(({ lxc_id: vmid, name, change_id: undoOf }) => {
      return { vmid, name, changes: [], undoOf, way: () => wayToInstall(context, vmid, force) }
    })
  return { steps, others: [] }
}

/** Each is a command of Proxmox, of which two run at once. */
const MOST_AT_ONCE = 2

type Undone = UndoManyBody['containers'][number]

async function undoAll(
  context: RouteContext,
  reply: FastifyReply,
  steps: readonly Step[],
  isDryRun: boolean,
): Promise<Undone[]> {
  const origin = originOf(reply)
  const undone: Undone[] = []
  const waiting = [...steps]
  const worker = async () => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      undone.push(await undoStep(context, step, { origin, isDryRun }))
    }
  }
  await Promise.all(Array.from({ length: MOST_AT_ONCE }, worker))
  return undone.sort((a, b) => a.lxc_id - b.lxc_id)
}

interface How {
  readonly origin: ChangeOrigin
  readonly isDryRun: boolean
}

/** Refusals that may be of the memory alone. */
const OF_MEMORY: ReadonlySet<ErrorCode> = new Set(['MEMORY_BELOW_FLOOR', 'HOST_CAPACITY', 'OUT_OF_BOUNDS'])

/** One that fails costs no other its turn. */
async function undoStep(context: RouteContext, step: Step, how: How): Promise<Undone> {
  const { vmid, name, changes, undoOf } = step
  const about = { lxc_id: vmid, name, changes: [...changes], undo_of: undoOf }
  try {
    const { isMoved, message, changeId } = await carryOut(context, step, how, undefined)
    return { ...about, outcome: isMoved ? 'taken_back' : 'unchanged', message, error: null, change_id: changeId }
  } catch (error) {
    if (!(error instanceof AutoscaleError)) throw error
    const cores = OF_MEMORY.has(error.code) ? await coresAlone(context, step, how) : undefined
    const { code, message } = error
    if (cores === undefined) return { ...about, outcome: 'failed', message, error: code, change_id: null }
    const told = `${cores.message}; its memory stays: ${message}`
    return { ...about, outcome: 'cores_alone', message: told, error: code, change_id: cores.changeId }
  }
}

interface CarriedOut {
  readonly isMoved: boolean
  readonly message: string
  readonly changeId: string | null
}

/** Where the memory cannot be given back; undefined when nothing comes of it. */
async function coresAlone(context: RouteContext, step: Step, how: How): Promise<CarriedOut | undefined> {
  try {
    const done = await carryOut(context, step, how, 'cores')
    return done.isMoved ? done : undefined
  } catch (error) {
    // Why the whole of it was refused is what is told.
    if (error instanceof AutoscaleError) return undefined
    throw error
  }
}

async function carryOut(
  context: RouteContext,
  { vmid, way }: Step,
  { origin, isDryRun }: How,
  only: 'cores' | undefined,
): Promise<CarriedOut> {
  if (isDryRun) {
    const { before, after, message } = await (await way()).preview(only)
    return { isMoved: JSON.stringify(before) !== JSON.stringify(after), message, changeId: null }
  }
  const { idempotencyKey: key } = origin
  // Each container of a request is one change, which is made once.
  const own = { ...origin, idempotencyKey: key === undefined ? undefined : `${key}-${vmid}` }
  const { body } = await makeChange(context, async () => (await way()).change(only), { origin: own, ignored: [] })
  return readDone(body)
}

const Done = successBody(ChangeBody)
const Failed = z.looseObject({ error: z.string(), message: z.string() })

/** An answer as it was given, maybe to an earlier request. @throws {AutoscaleError} that it tells of */
function readDone(body: unknown): CarriedOut {
  const { data: done } = Done.safeParse(body)
  if (done !== undefined) return { isMoved: done.data.changed, message: done.message, changeId: done.change_id ?? null }
  const { error, message } = Failed.parse(body)
  throw new AutoscaleError(isErrorCode(error) ? error : 'INTERNAL', message)
}

function summaryOf({ dry_run: isDryRun, containers }: UndoManyBody): string {
  if (containers.length === 0) return 'there is nothing to take back'
  const failed = containers.filter(({ outcome }) => outcome === 'failed').length
  const done = `${containers.length - failed} of ${containers.length} containers`
  return isDryRun ? `${done} would have what they had` : `${done} have what they had`
}
