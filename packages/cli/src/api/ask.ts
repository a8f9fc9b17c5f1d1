import { request as httpRequest, type IncomingMessage } from 'node:http'

const TIMEOUT_MS = 30_000
/** More than the API answers to anything: the history of a thousand containers. */
const MOST_BYTES = 67_108_864

interface Question {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * Sends one request and gives the whole answer; a redirect is an answer. `fetch` would do it too: it takes 40 ms to load, as long as all
 * the rest of a command.
 */
export async function ask(url: string, question: Question): Promise<{ status: number; text: string }> {
  const request = url.startsWith('https:') ? (await import('node:https')).request : httpRequest
  const body = Buffer.from(question.body)
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(url, {
      method: question.method,
      headers: { ...question.headers, ...(body.length === 0 ? {} : { 'Content-Length': body.length }) },
      // The command ends with its last answer.
      agent: false,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    sent.once('response', resolve)
    // An error after the answer began is the answer's to tell; this one then has no effect.
    sent.on('error', reject)
    sent.end(body)
  })
  return { status: response.statusCode ?? 0, text: await readText(response) }
}

async function readText(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of response) {
    bytes += part.length
    if (bytes > MOST_BYTES) throw new Error(`the answer is larger than ${MOST_BYTES} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
