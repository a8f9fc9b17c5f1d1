import { Command } from 'commander'
import { bad, good, table } from '../output/terminal.ts'
import { commandContext, type HostOptions, withHostOptions } from './command-context.ts'

/** `lxc-autoscale notify test [TARGET]`: whether news reach people. */
export function notifyCommand(environment: Readonly<Record<string, string | undefined>>): Command {
  const test = withHostOptions(new Command('test'))
    .description('send a test message to the targets of notifications; exit code 1 when one did not take it')
    .argument('[target]', 'only this target, by its name')
    .action(async (target: string | undefined, options: HostOptions) => {
      const { api, terminal } = commandContext(options, environment)
      const tested = await api.testNews(target)
      if (tested.targets.some(({ is_sent: isSent }) => !isSent)) process.exitCode = 1
      terminal.answer(tested, ({ targets }) =>
        table(
          ['TARGET', 'TYPE', 'SENT', 'ANSWER'],
          targets.map(({ target: name, type, is_sent: isSent, text }) => [
            name,
            type,
            isSent ? good('yes') : bad('no'),
            text,
          ]),
        ),
      )
    })
  return new Command('notify').description('news for people: mail, ntfy, Gotify, webhooks').addCommand(test)
}
