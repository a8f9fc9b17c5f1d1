import { VERSION } from '@lxc-autoscale/core'

/** The manual page lxc-autoscale(1) in roff, from the commands themselves. */
export function manPage(entries) {
  const commands = entries.filter(({ path, children }) => path !== '' && children.length === 0)
  return `${[
    `.TH LXC-AUTOSCALE 1 "" "LXC AutoScale ML ${VERSION}" "User Commands"`,
    '.SH NAME',
    'lxc-autoscale \\- look after the containers that LXC AutoScale ML sizes',
    '.SH SYNOPSIS',
    '.B lxc-autoscale',
    '.I COMMAND',
    '[\\fIOPTION\\fR...]',
    '.SH DESCRIPTION',
    'Shows what each container has and why, what was changed, and what is wrong; takes changes back; checks and migrates the configuration; replays policies over a history.',
    '.SH COMMANDS',
    ...commands.flatMap(commandLines),
    '.SH EXIT STATUS',
    '0 done, 1 failed or refused, 2 wrong usage, 78 bad configuration.',
    '.SH ENVIRONMENT',
    '.TP',
    '.B LXC_AUTOSCALE_API_KEY',
    'API key; comes before the key file.',
    '.TP',
    '.B NO_COLOR',
    'No colours. There are none either where the output is no terminal.',
    '.SH FILES',
    '.TP',
    '.I /etc/lxc_autoscale_ml/',
    'Configuration of the three daemons, and the API key.',
    '.TP',
    '.I /var/lib/lxc_autoscale_ml/',
    'Audit log (api) and what was learned (model).',
    '.SH SEE ALSO',
    '.BR pct (1),',
    '.BR systemctl (1)',
  ].join('\n')}\n`
}

function commandLines({ path, usage, description, options }) {
  return [
    '.TP',
    `.B ${escapeRoff(`${path} ${usage === '[options]' ? '' : usage}`.trim())}`,
    escapeRoff(`${sentence(description)}`),
    ...options.flatMap(option => [
      '.RS',
      '.TP',
      `.B ${escapeRoff(option.flags)}`,
      escapeRoff(sentence(option.description)),
      '.RE',
    ]),
  ]
}

function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function escapeRoff(text) {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('-', '\\-')
    .replaceAll(/^(['.])/g, '\\&$1')
}
