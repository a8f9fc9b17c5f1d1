import { callApi } from '../api-client.mjs'
import { until } from '../checklist.mjs'
import { holdAnonymous, runInContainer } from '../containers.mjs'
import { heldMemoryMb, memoryLimitMb } from '../kernel-files.mjs'

const HELD_MB = 200

/** The API changes what the kernel enforces, but takes nothing that a container cannot give up. */
export async function shrinkBelowUseIsRefused({ host, checks, containers: { holder } }) {
  const setMemory = (memory, more = {}) => callApi('POST', '/scale/ram', { lxc_id: holder, memory, ...more })
  const allocation = () => `${memoryLimitMb(holder)} MB in force, ${host.confOf(holder).get('memory')} MB configured`

  const grown = await setMemory(600)
  checks.ok(grown.status === 200 && allocation() === both(600), 'the API raises a limit by hand', allocation())

  const end = runInContainer(holder, holdAnonymous(HELD_MB))
  await until('memory in use', 20_000, () => heldMemoryMb(holder) >= HELD_MB)
  const refused = await setMemory(HELD_MB / 2)
  const isRefused = refused.status === 409 && allocation() === both(600)
  checks.ok(isRefused, 'the API refuses a limit below use', `${refused.status} ${refused.body.error}; ${allocation()}`)

  // With force the request reaches the kernel, which says EBUSY.
  const forced = await setMemory(HELD_MB / 2, { force: true })
  const isReported = forced.status === 409 && /resource busy/.test(forced.body.message) && allocation() === both(600)
  checks.ok(isReported, "the kernel's refusal is reported", `${forced.status} ${forced.body.message}; ${allocation()}`)
  await end()

  await until('memory given back', 20_000, () => heldMemoryMb(holder) < 50)
  const shrunk = await setMemory(512)
  checks.ok(
    shrunk.status === 200 && allocation() === both(512),
    'the API lowers the limit of an idle container',
    `${shrunk.status} ${shrunk.body.message}; ${allocation()}`,
  )
}

function both(memoryMb) {
  return `${memoryMb} MB in force, ${memoryMb} MB configured`
}
