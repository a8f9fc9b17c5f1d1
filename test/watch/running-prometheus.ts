import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { PROMETHEUS_FOLDER, RULES_FILE } from './promtool.ts'

/** One series of an answer, with its newest value. */
export interface Answered {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const Sample = z.tuple([z.number(), z.string()])
const Answer = z.object({
  status: z.literal('success'),
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        value: Sample.optional(),
        values: z.array(Sample).optional(),
      }),
    ),
  }),
})

/** Where the daemons show their metrics. */
export interface ScrapedPorts {
  readonly monitor: number
  readonly model: number
  readonly api: number
}

/** Prometheus as the shipped configuration sets it up, but that it scrapes every second, these ports. */
export class RunningPrometheus {
  readonly #process: ChildProcess
  readonly #url: string
  readonly #startedMs = Date.now()
  #output = ''

  constructor(directory: string, ports: ScrapedPorts, ownPort: number) {
    mkdirSync(directory)
    const file = join(directory, 'prometheus.yml')
    writeFileSync(file, configOf(ports))
    this.#url = `http://127.0.0.1:${ownPort}`
    const flags = {
      'config.file': file,
      'storage.tsdb.path': join(directory, 'data'),
      'web.listen-address': `127.0.0.1:${ownPort}`,
      'log.level': 'warn',
    }
    const words = Object.entries(flags).map(([name, value]) => `--${name}=${value}`)
    this.#process = spawn(join(PROMETHEUS_FOLDER ?? '', 'prometheus'), words, { stdio: ['ignore', 'pipe', 'pipe'] })
    const keep = (part: Buffer) => {
      this.#output += part.toString('utf8')
    }
    this.#process.stdout?.on('data', keep)
    this.#process.stderr?.on('data', keep)
  }

  /** What it said, for who wants to know why it does not answer. */
  get output(): string {
    return this.#output
  }

  /** The series of `query` at this moment. */
  async ask(query: string): Promise<Answered[]> {
    return this.#ask('query', { query })
  }

  /** The series that `query` had at any time since the start. */
  async askOverTime(query: string): Promise<Answered[]> {
    const now = Date.now()
    const [start, end] = [this.#startedMs, now].map(ms => String(ms / 1_000))
    return this.#ask('query_range', { query, start: start ?? '', end: end ?? '', step: '2' })
  }

  async stop(): Promise<void> {
    const ended = new Promise(resolve => this.#process.once('close', resolve))
    this.#process.kill('SIGTERM')
    await ended
  }

  async #ask(path: string, parameters: Readonly<Record<string, string>>): Promise<Answered[]> {
    const answer = await fetch(`${this.#url}/api/v1/${path}?${new URLSearchParams(parameters)}`)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${parameters['query']}: ${text}`)
    return Answer.parse(JSON.parse(text)).data.result.flatMap(({ metric: labels, value, values }) => {
      const newest = value ?? values?.at(-1)
      return newest === undefined ? [] : [{ labels, value: Number(newest[1]) }]
    })
  }
}

function configOf({ monitor, model, api }: ScrapedPorts): string {
  const shipped = readFileSync(join(RULES_FILE, '..', 'prometheus.yml'), 'utf8')
  return shipped
    .replaceAll('_interval: 15s', '_interval: 1s')
    .replace(/- \/usr\S+/, `- ${join(RULES_FILE, '..')}/*.rules.yml`)
    .replace('127.0.0.1:9105', `127.0.0.1:${monitor}`)
    .replace('127.0.0.1:9106', `127.0.0.1:${model}`)
    .replace('127.0.0.1:5000', `127.0.0.1:${api}`)
}
