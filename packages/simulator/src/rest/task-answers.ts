import { assertMay } from '../pct/access.ts'
import { ParameterFailure } from '../pct/failure.ts'
import type { RestRequest } from './rest-request.ts'
import type { ListedTask } from './task-list.ts'
import { parseUpid, type TaskName } from './upid.ts'

const USUAL_LIMIT = 50

/** `GET …/tasks`: what the asker has begun, or everything for an auditor. Source: pve-manager, API2/Tasks.pm. */
export async function listTasks({ asker, context, parameters, tasks }: RestRequest): Promise<unknown> {
  const { source = 'archive', typefilter, userfilter, vmid, since, until, errors } = parameters
  const { active, archived } = await tasks.list(context.settings.restTaskPassMs)
  const isAuditor = asker.has(`/nodes/${context.identity.node}`, ['Sys.Audit'])
  const isWanted = (task: ListedTask) =>
    (isAuditor || task.user === asker.id) &&
    (typefilter === undefined || task.type === typefilter) &&
    (userfilter === undefined || task.user.includes(userfilter)) &&
    (vmid === undefined || task.id === vmid) &&
    task.starttime >= Number(since ?? 0) &&
    task.starttime <= Number(until ?? Number.POSITIVE_INFINITY) &&
    (errors !== '1' || task.status !== 'OK')
  const all = [...(source === 'archive' ? [] : active), ...(source === 'active' ? [] : archived)].filter(isWanted)
  const first = Number(parameters['start'] ?? 0)
  return all.slice(first, first + Number(parameters['limit'] ?? USUAL_LIMIT)).map(withToken)
}

/** `GET …/status` of a task. */
export async function taskStatus(request: RestRequest): Promise<unknown> {
  const task = ownTask(request, 'Sys.Audit')
  const isRunning = await request.tasks.isRunning(task.upid)
  const end = isRunning ? {} : { exitstatus: request.tasks.exitStatus(task.upid) }
  return { ...withToken(task), status: isRunning ? 'running' : 'stopped', ...end }
}

/** `GET …/log` of a task. Source: pve-common, Tools.pm, dump_logfile. */
export function taskLog(request: RestRequest): unknown {
  const { upid } = ownTask(request, 'Sys.Audit')
  const text = request.tasks.readLog(upid) ?? ''
  if (text === '') return [{ n: 1, t: 'no content' }]
  const first = Number(request.parameters['start'] ?? 0)
  const limit = Number(request.parameters['limit'] ?? USUAL_LIMIT)
  const lines = text.replace(/\n$/, '').split('\n')
  const last = limit === 0 ? lines.length : first + limit
  return lines.map((t, at) => ({ n: at + 1, t })).slice(first, last)
}

/** `DELETE` of a task ends it. */
export function stopTask(request: RestRequest): null {
  request.tasks.stop(ownTask(request, 'Sys.Modify').upid)
  return null
}

/** The task that is asked for. @throws {Failure} for one that is not there, or is somebody else's */
function ownTask({ asker, context, parameters, tasks }: RestRequest, privilege: string): TaskName {
  const task = parseUpid(parameters['upid'] ?? '')
  if (task === undefined) throw new ParameterFailure({ upid: 'unable to parse worker upid' })
  if (tasks.readLog(task.upid) === undefined) throw new ParameterFailure({ upid: 'no such task' })
  if (task.user !== asker.id) assertMay(context, `/nodes/${context.identity.node}`, [privilege])
  return task
}

/** The user of a task, and the token beside it. */
function withToken<Task extends TaskName>(task: Task) {
  const [user = '', tokenid] = task.user.split('!')
  return { ...task, user, ...(tokenid === undefined ? {} : { tokenid }) }
}
