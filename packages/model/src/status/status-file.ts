import { join } from 'node:path'
import { type ModelStatus, replacePassingFile, STATUS_FILE } from '@lxc-autoscale/core'

/** The status as a file that the API's page and `lxc-autoscale explain` read. */
export class StatusFile {
  readonly #path: string

  constructor(directory: string) {
    this.#path = join(directory, STATUS_FILE)
  }

  show(status: ModelStatus): Promise<void> {
    return replacePassingFile(this.#path, `${JSON.stringify(status)}\n`)
  }
}
