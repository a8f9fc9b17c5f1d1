import { program } from './main.ts'
import { commandTree } from './reference/command-tree.ts'
import { bashCompletion, fishCompletion, zshCompletion } from './reference/completions.ts'
import { manPage } from './reference/man-page.ts'

/** The manual page and the shell completions, by the path of their file below packages/cli. */
export function commandReference(): Readonly<Record<string, string>> {
  const entries = commandTree(program({}))
  return {
    'man/lxc-autoscale.1': manPage(entries),
    'completions/lxc-autoscale.bash': bashCompletion(entries),
    'completions/lxc-autoscale.zsh': zshCompletion(entries),
    'completions/lxc-autoscale.fish': fishCompletion(entries),
  }
}
