import { AutoscaleError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { SystemdNotifier } from './notify-systemd.ts'

interface ReloadParts<Config> {
  readonly log: Logger
  readonly reload: () => Config
  readonly notify: SystemdNotifier
}

/** Re-reads the configuration and hands it to the parts of the daemon, also to those that are put together later. */
export class Reloads<Config> {
  readonly #parts: ReloadParts<Config>
  readonly #appliers: ((config: Config) => void)[] = []
  /** The configuration that was read last; undefined while it is that of the start. */
  #latest: Config | undefined
  #isReady = false

  constructor(parts: ReloadParts<Config>) {
    this.#parts = parts
  }

  ready(status: string): void {
    this.#isReady = true
    this.#parts.notify.ready(status)
  }

  onReload(apply: (config: Config) => void): void {
    this.#appliers.push(apply)
    const latest = this.#latest
    if (latest !== undefined) this.#orRefuse(() => apply(latest))
  }

  reload(): void {
    const { log, reload, notify } = this.#parts
    if (this.#isReady) notify.reloading()
    this.#orRefuse(() => {
      const config = reload()
      for (const apply of this.#appliers) apply(config)
      this.#latest = config
      log.info('configuration re-read')
    })
    if (this.#isReady) notify.ready('running')
  }

  #orRefuse(take: () => void): void {
    try {
      take()
    } catch (error) {
      // A bug in what takes a configuration must not end a daemon that runs with another.
      const problem = error instanceof AutoscaleError ? { problem: error.message } : { err: error }
      this.#parts.log.error(problem, 'new configuration refused; the old one stays in force')
    }
  }
}
