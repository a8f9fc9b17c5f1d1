import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A directory that is removed when the test that asks for it is over. */
export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'lxc-autoscale-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}
