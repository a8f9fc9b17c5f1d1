import { ADMIN_KEY, API_PORT } from './daemon-configs.mjs'

/** Longer than pct may take for a change, by the default of the API. */
const TIMEOUT_MS = 60_000

/** Sends a request with the key of an administrator; gives the status and the body. */
export async function callApi(method, path, body) {
  const response = await fetch(`http://127.0.0.1:${API_PORT}${path}`, {
    method,
    headers: { 'x-api-key': ADMIN_KEY, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  return { status: response.status, body: await response.json() }
}

/** Whether the API can do its work; whether the model does its own is another question. */
export async function isApiUp() {
  try {
    const { checks } = (await callApi('GET', '/health/check')).body
    return Object.entries(checks).every(([name, { ok }]) => ok || name === 'deciding')
  } catch {
    // It has not begun to listen, or is not healthy yet.
    return false
  }
}
