const NOTE = '# Generated from the commands by `npm run generate`.'

export function bashCompletion(entries) {
  const cases = entries.map(entry => `    "${entry.path}") words="${words(entry).join(' ')}" ;;`)
  return `${NOTE}
_lxc_autoscale() {
  local current=\${COMP_WORDS[COMP_CWORD]} path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) ;; *) case " ${paths(entries).join(' | ')} " in *" \${path:+$path }$word "*) path="\${path:+$path }$word" ;; esac ;; esac
  done
  case $path in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _lxc_autoscale lxc-autoscale
`
}

/** Completion of lxc-autoscale for zsh, by way of the one for bash. */
export function zshCompletion(entries) {
  return `#compdef lxc-autoscale
autoload -U +X bashcompinit && bashcompinit
${bashCompletion(entries)}`
}

export function fishCompletion(entries) {
  const lines = entries.flatMap(entry => {
    const condition = fishCondition(entry.path)
    return [
      ...entry.children.map(child => {
        const description = entries.find(({ path }) => path === join(entry.path, child))?.description ?? ''
        return `complete -c lxc-autoscale -f -n '${condition}' -a ${child} -d '${quote(description)}'`
      }),
      ...entry.options.map(
        ({ long, description }) =>
          `complete -c lxc-autoscale -n '${condition}' -l ${long.replace(/^--/, '')} -d '${quote(description)}'`,
      ),
    ]
  })
  return `${[NOTE, ...lines].join('\n')}\n`
}

function fishCondition(path) {
  if (path === '') return '__fish_use_subcommand'
  return path
    .split(' ')
    .map(word => `__fish_seen_subcommand_from ${word}`)
    .join('; and ')
}

function words({ children, options }) {
  return [...children, ...options.map(({ long }) => long), '--help']
}

function paths(entries) {
  return entries.map(({ path }) => path).filter(path => path !== '')
}

function join(path, child) {
  return path === '' ? child : `${path} ${child}`
}

function quote(text) {
  return text.replaceAll("'", "\\'")
}
