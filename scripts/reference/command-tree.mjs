/**
 * A command as its reference shows it.
 * @typedef {object} CommandEntry
 * @property {string} path `config check`; empty for the root
 * @property {string} usage
 * @property {string} description
 * @property {{long: string, flags: string, description: string}[]} options
 * @property {string[]} children
 */

/**
 * The root command and all below it, in the order of the help text.
 * @returns {CommandEntry[]}
 */
export function commandTree(command, path = '') {
  const entry = {
    path,
    usage: command.usage().replace('[options] ', '').replace('[command]', 'COMMAND'),
    description: command.description(),
    options: command.options.map(({ long, flags, description }) => ({ long: long ?? flags, flags, description })),
    children: command.commands.map(child => child.name()),
  }
  const below = command.commands.flatMap(child =>
    commandTree(child, path === '' ? child.name() : `${path} ${child.name()}`),
  )
  return [entry, ...below]
}
