import { readFileSync } from 'node:fs'
import {
  type CommandResult,
  createCluster,
  Engine,
  HaManager,
  type HostSettings,
  INSTANT,
  runHaManager,
  runPct,
  runPvesh,
} from '../../../../packages/simulator/src/index.ts'
import { CommandClock, scratchDirectory } from '../pretend-host.ts'

/** A cluster of a, b and c on which nothing waits: 101 and 102 run on a, 103 is stopped there, 201 runs on b. */
export class TestCluster {
  readonly root: string
  readonly clock = new CommandClock(Date.now())
  readonly #engines: readonly Engine[]
  readonly #manager: HaManager

  private constructor(root: string, nodes: readonly string[]) {
    this.root = root
    this.#engines = nodes.map(node => new Engine(`${root}/${node}`, { nowMs: () => this.clock.nowMs() }))
    this.#manager = new HaManager(root, this.clock)
  }

  static async create(settings: Partial<HostSettings> = {}): Promise<TestCluster> {
    const root = scratchDirectory()
    const container = (vmid: number, running = true) => ({
      vmid,
      shape: 'steady' as const,
      hostname: `ct${vmid}`,
      running,
    })
    const { hosts } = await createCluster({
      root,
      nodes: [
        { containers: [container(101), container(102), container(103, false)] },
        { containers: [container(201)] },
        { containers: [] },
      ],
      settings: { ...INSTANT, ...settings },
    })
    return new TestCluster(
      root,
      hosts.map(({ node }) => node),
    )
  }

  /** Lets time pass for all hosts and the HA manager. */
  async pass(ms: number): Promise<void> {
    await this.clock.sleep(ms)
    for (const engine of this.#engines) await engine.step(ms)
    await this.#manager.step()
    await this.#manager.settled()
  }

  pct(node: string, line: string): Promise<CommandResult> {
    return runPct(`${this.root}/${node}`, line.split(' '), this.clock)
  }

  ha(node: string, line: string): Promise<CommandResult> {
    return runHaManager(`${this.root}/${node}`, line.split(' '), this.clock)
  }

  pvesh(node: string, line: string): Promise<CommandResult> {
    return runPvesh(`${this.root}/${node}`, [...line.split(' '), '--output-format', 'json'], this.clock)
  }

  text(node: string, path: string): string {
    return readFileSync(`${this.root}/${node}/${path}`, 'utf8')
  }

  /** Where a container is, and whether it runs there, as the nodes see it. */
  async place(vmid: number): Promise<string> {
    const { ids } = JSON.parse(this.text('b', 'etc/pve/.vmlist'))
    const { node } = ids[vmid]
    return `${node} ${(await this.pct(node, `status ${vmid}`)).stdout.trim()}`
  }

  /** Lines of `.rrd` by key. */
  rrd(node: string): ReadonlyMap<string, readonly string[]> {
    const text = this.text(node, 'etc/pve/.rrd')
    return new Map(
      text
        .split('\n')
        .slice(0, -1)
        .map(line => [line.split(':', 1)[0] ?? '', line.split(':').slice(1)]),
    )
  }
}
