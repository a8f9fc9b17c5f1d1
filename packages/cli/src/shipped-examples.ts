import type { Path } from '@lxc-autoscale/core'

interface Example {
  readonly path: readonly string[]
  /** As the shipped file had it; of a list the entries. */
  readonly value: string | number | readonly number[]
  readonly meaning: string
}

const AS_SHIPPED = 'as the file was shipped, so perhaps nobody chose it'

/** Values that stood in the files of the predecessors when nobody had touched them. Source: their repositories. */
const EXAMPLES: readonly Example[] = [
  {
    path: ['scaling', 'total_cores'],
    value: 4,
    meaning: 'a host with more counts as 4 cores; left out, the host is measured',
  },
  {
    path: ['scaling', 'total_ram_mb'],
    value: 16_384,
    meaning: 'a host with more counts as 16 GB; left out, the host is measured',
  },
  { path: ['scaling', 'max_cpu_cores'], value: 4, meaning: 'no container gets more' },
  { path: ['scaling', 'max_ram_mb'], value: 8_192, meaning: 'no container gets more' },
  { path: ['ignore_lxc'], value: [101, 102], meaning: 'these two are never sized' },
  { path: ['ignore_lxc'], value: [104], meaning: 'it is never sized' },
  { path: ['tiers', 'webservers', 'ids'], value: [102], meaning: 'see that it is yours' },
  { path: ['tiers', 'other', 'ids'], value: [103], meaning: 'see that it is yours' },
  { path: ['tiers', '*', 'ids'], value: [999], meaning: 'it stands for the number of your container' },
  { path: ['lxc', 'node'], value: 'proxmox', meaning: 'left out, the name of this node is taken' },
  { path: ['lxc', 'default_storage'], value: 'local-lvm', meaning: 'see that there is such a storage' },
  {
    path: ['error_handling', 'notification_recipients'],
    value: 'your-email@inbox.com',
    meaning: 'write whom mail is to reach',
  },
  { path: ['api', 'api_key'], value: 'your-secret-api-key-here', meaning: 'everybody knows it' },
]

/** That the value at `path` is the example of the shipped file, and what it does; undefined when it is not. */
export function shippedExample(path: Path, value: unknown): string | undefined {
  const isHere = (steps: readonly string[]) =>
    steps.length === path.length && steps.every((step, at) => step === '*' || step === path[at])
  const found = EXAMPLES.find(example => isHere(example.path) && String(example.value) === String(value))
  return found === undefined ? undefined : `${AS_SHIPPED}: ${found.meaning}`
}
