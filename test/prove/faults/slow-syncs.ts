import { spawn } from 'node:child_process'
import type { EndFault } from './fault.ts'

const CALLS = 'fsync,fdatasync,unlink,rename'

/** Lets a process wait before each sync, rename and removal, until it is ended. Source: strace(1), --inject. */
export function slowSyncs(pid: number, waitMs: number): EndFault {
  const inject = `inject=${CALLS}:delay_enter=${waitMs * 1_000}`
  const words = ['-f', '-qq', '-o', '/dev/null', '-p', String(pid), '-e', `trace=${CALLS}`, '-e', inject]
  const tracer = spawn('strace', words, { stdio: 'ignore' })
  return async () => {
    if (tracer.exitCode !== null || tracer.signalCode !== null) return
    const isGone = new Promise(resolve => tracer.once('exit', resolve))
    tracer.kill('SIGTERM')
    await isGone
  }
}
