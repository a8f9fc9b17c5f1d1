import { program } from '@lxc-autoscale/cli'
import { commandTree } from './command-tree.mjs'
import { bashCompletion, fishCompletion, zshCompletion } from './completions.mjs'
import { manPage } from './man-page.mjs'

/** The manual page and the shell completions, by the path of their file below packages/cli. */
export async function commandReference() {
  const entries = commandTree(await program({}))
  return {
    'man/lxc-autoscale.1': manPage(entries),
    'completions/lxc-autoscale.bash': bashCompletion(entries),
    'completions/lxc-autoscale.zsh': zshCompletion(entries),
    'completions/lxc-autoscale.fish': fishCompletion(entries),
  }
}
